/** Commands by which an operator intervenes: sweep now, release what the guard stopped, retry what was given up. */
import { operatorName } from '../config';
import { type ClientOptions, type Commands, printJson } from './command';
import { plural } from './phrases';

interface SweepOptions extends ClientOptions {
  readonly app?: string;
}

interface ReleaseOptions extends ClientOptions {
  readonly by?: string;
}

export function addOperate(commands: Commands): void {
  commands.addClient<SweepOptions>({
    usage: 'sweep',
    summary: 'compare everything with Coder now',
    description: 'Compare everything that is managed with Coder now, instead of at the next interval',
    examples: [['coder-scim sweep --app acme-okta', 'look for what was changed in Coder by hand']],
    options: command => command.option('--app <app>', 'only this app'),
    run: async ({ client, terminal }, options) => {
      await client.sweep(options.app, terminal.signal);
      if (options.json) printJson(terminal, { swept: options.app ?? 'all' });
      else terminal.write('swept: `coder-scim audit --actor sweep` shows what was found\n');
    },
  });
  commands.addClient<ReleaseOptions, [string]>({
    usage: 'release <hold>',
    summary: 'let a plan pass that the guard stopped',
    description: 'Let a plan pass that the guard stopped: exactly this one, not a later one',
    examples: [['coder-scim release 3f2a9c', 'the id is in `coder-scim status`']],
    options: command => command.option('--by <name>', 'who decides, for the audit trail (default: the user name)'),
    run: async ({ client, terminal }, options, hold) => {
      await client.releaseHold(hold, options.by ?? operatorName(terminal.environment), terminal.signal);
      if (options.json) printJson(terminal, { released: hold });
      else terminal.write(`released ${hold}: \`coder-scim status --wait 60s\` shows when it is done\n`);
    },
  });
  commands.addClient<ClientOptions, [string | undefined]>({
    usage: 'retry [key]',
    summary: 'try work again that was given up',
    description: 'Try work again that was given up after too many tries: one key, or all',
    examples: [
      ['coder-scim retry', 'everything that is parked'],
      ['coder-scim retry person:0198c1d2-…', 'one item, by its key in `coder-scim status --json`'],
    ],
    run: async ({ client, terminal }, options, key) => {
      const answer = await client.retry(key, terminal.signal);
      if (options.json) printJson(terminal, answer);
      else terminal.write(`${plural(answer.retried, 'item')} queued again\n`);
    },
  });
}
