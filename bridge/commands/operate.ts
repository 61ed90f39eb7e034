/** Commands by which an operator intervenes: sweep now, release what the guard stopped, retry what is parked, end an app. */
import { operatorName } from '../process/config';
import { AdminError } from '../admin-client/admin-error';
import { type Removal } from '../contract/admin-api';
import { type ClientOptions, type Commands, printJson } from './command';
import { CommandError } from './terminal/failure';
import { plural } from './terminal/plural';

interface SweepOptions extends ClientOptions {
  readonly app?: string;
}

interface DeleteOptions extends ClientOptions {
  readonly yes?: boolean;
}

interface ReleaseOptions extends ClientOptions {
  readonly by?: string;
  readonly reason?: string;
}

interface DismissOptions extends ClientOptions {
  readonly times?: string;
  readonly reason: string;
  readonly by?: string;
}

interface ReHireOptions extends ClientOptions {
  readonly keep?: boolean;
  readonly replace?: boolean;
  readonly account?: string;
  readonly by?: string;
  readonly reason?: string;
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
    examples: [
      ['coder-scim release 3f2a9c', 'the id is in `coder-scim status`'],
      ['coder-scim release 3f2a9c --reason "team moved, ticket 4711"', 'with the reason, kept in the audit trail'],
    ],
    options: command =>
      command
        .option(
          '--by <name>',
          'who decides, for the audit trail, beside the name of the credential (default: the user name)',
        )
        .option('--reason <text>', 'why, for the audit trail'),
    run: async ({ client, terminal }, options, hold) => {
      const by = options.by ?? operatorName(terminal.environment);
      await client.releaseHold(hold, by, terminal.signal, options.reason);
      if (options.json) printJson(terminal, { released: hold });
      else terminal.write(`released ${hold}: \`coder-scim status --wait 60s\` shows when it is done\n`);
    },
  });
  commands.addClient<ReHireOptions, [string]>({
    usage: 're-hire <user>',
    summary: 'say which account somebody gets who came back',
    description:
      'Say which account somebody gets who came back as a new object of the directory. Coder lets only the subject of the identity provider in that used the account before: keep it when the subject is the same; replace it when it is another one, which deletes the account of before (its workspaces must be gone) and makes a new one',
    examples: [
      ['coder-scim re-hire alice@example.com --keep', 'the identity provider kept her subject'],
      ['coder-scim re-hire alice@example.com --replace', 'a new subject: a new account under the same name'],
    ],
    options: command =>
      command
        .option('--keep', 'the account of before')
        .option('--replace', 'a new account in its place')
        .option('--account <id>', 'only about this account of Coder, as `status --json` shows it')
        .option('--by <name>', 'who decides, for the audit trail (default: the user name)')
        .option('--reason <text>', 'why, for the audit trail'),
    run: async ({ client, terminal }, options, user) => {
      if ((options.keep === true) === (options.replace === true))
        throw new CommandError('nothing was done: wanted exactly one of --keep and --replace');
      const answer = options.keep === true ? 'keep' : 'replace';
      const by = options.by ?? operatorName(terminal.environment);
      const { account, reason } = options;
      const { userName } = await client.answerReHire({ user, answer, account, by, reason }, terminal.signal);
      if (options.json) printJson(terminal, { userName, answer });
      else terminal.write(`${userName}: ${answer}: \`coder-scim status\` shows what is left\n`);
    },
  });
  commands.addClient<DismissOptions, [string, string]>({
    usage: 'dismiss <app> <who>',
    summary: 'say that a refused leaving is dealt with',
    description:
      'Take an entry away that says who would have been locked out by a request that was refused. It goes by itself when the identity provider sends the request in a form that goes through: dismiss it when that will not happen, and see yourself that the person has no access. One more refusal is an entry again',
    examples: [
      [
        "coder-scim dismiss acme-okta alice@example.com --reason 'suspended by hand, ticket 4711'",
        'who it is about as `coder-scim status` shows it',
      ],
      ["coder-scim dismiss acme-okta user:0198c1d2-… --reason 'a test'", 'by the key in `coder-scim status --json`'],
    ],
    options: command =>
      command
        .requiredOption('--reason <text>', 'why nothing is left to do, for the audit trail')
        .option('--times <number>', 'only if it was refused so often, as `status` shows it: not what was refused since')
        .option('--by <name>', 'who decides, for the audit trail (default: the user name)'),
    run: async ({ client, terminal }, options, app, who) => {
      const by = options.by ?? operatorName(terminal.environment);
      const times = options.times === undefined ? undefined : Number(options.times);
      if (times !== undefined && !(Number.isInteger(times) && times > 0))
        throw new CommandError(
          `nothing was done: --times is ${JSON.stringify(options.times)}: wanted a whole number from 1 on`,
        );
      const answer = await client.dismissRefused(app, { who, times, reason: options.reason, by }, terminal.signal);
      if (options.json) printJson(terminal, answer);
      else terminal.write(`dismissed: ${answer.dismissed}\n`);
    },
  });
  commands.addClient<ClientOptions, [string | undefined]>({
    usage: 'retry [key]',
    summary: 'try parked work again',
    description: 'Try work again that was parked after too many tries: one key, or all',
    examples: [
      ['coder-scim retry', 'everything that is parked'],
      ['coder-scim retry person:0198c1d2-…', 'one item, by its key in `coder-scim status --json`'],
    ],
    run: async ({ client, terminal }, options, key) => {
      const answer = await client.retry(key, terminal.signal, operatorName(terminal.environment));
      if (options.json) printJson(terminal, answer);
      else terminal.write(`${plural(answer.retried, 'item')} queued again\n`);
    },
  });
  commands.addClient<DeleteOptions, [string]>({
    usage: 'delete <app>',
    summary: 'end an app',
    description:
      'End an app: its tokens stop working at once, what its mappings gave in Coder is taken back, its directory is forgotten. An app that a stack declares is ended by the stack: `terraform destroy`',
    examples: [
      ['coder-scim delete acme-okta --yes', 'for an app that was given by `coder-scim apply` or a null_resource'],
    ],
    options: command => command.option('--yes', 'it is meant; without it nothing is done'),
    run: async ({ client, terminal }, options, app) => {
      const { generation, isLeaving } = await client
        .getApp(app, terminal.signal)
        .then(({ generation }) => ({ generation, isLeaving: false }))
        .catch(async (error: unknown) => {
          // On its way out already: what is left is told.
          if (!(error instanceof AdminError) || error.code !== 'not_found') throw error;
          await client.getRemoval(app, terminal.signal).catch(() => {
            throw error;
          });
          // Whoever has declared it anew by the time that it is deleted keeps it: no app is at this generation.
          return { generation: 0, isLeaving: true };
        });
      if (options.yes !== true) {
        throw new CommandError(
          `nothing was done: ending app ${JSON.stringify(app)} takes access from its people; \`coder-scim plan --app ${app} --deleted\` shows what; add --yes if it is meant`,
        );
      }
      const left = await client.deleteApp(app, { generation }, terminal.signal).catch((error: unknown) => {
        // The last of it went between the two questions.
        if (isLeaving && error instanceof AdminError && error.code === 'not_found') return undefined;
        throw error;
      });
      if (options.json) printJson(terminal, { deleted: app, left: left ?? null });
      else if (left === undefined) terminal.write(`deleted ${app}: nothing of it is left in Coder\n`);
      else terminal.write(`deleted ${app}: its tokens work no more; ${describeLeft(left)}\n`);
    },
  });
}

function describeLeft({ app, pending, hold }: Removal): string {
  if (hold !== null)
    return `${plural(hold.people, 'person', 'people')} still have what it gave, held by ${hold.reason}: \`coder-scim release ${hold.id}\` lets it go`;
  return pending.length === 0
    ? `what it gave in Coder is being taken back: \`coder-scim delete ${app} --yes\` again says how far that is`
    : `${plural(pending.length, 'piece')} of work left, the first: ${pending[0]?.reason}`;
}
