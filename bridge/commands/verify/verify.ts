/** `coder-scim verify`: does provisioning work, from the SCIM token to an account that is locked out again? */
import type * as Coder from '../../coder';
import { AppName } from '../../contract/mapping-state';
import { tokenTextProblem } from '../../contract/token-text';
import { readClientConfig, readWitnessConfig } from '../../process/config';
import { type ClientContext, type ClientOptions, type Commands, parseDuration, printJson } from '../command';
import { EXIT, type ExitCode } from '../terminal/exit-code';
import { CommandError } from '../terminal/failure';
import { elapsed } from '../terminal/plural';
import { runProvisioningTest, type Step } from './provisioning-test';
import { createScimCalls } from './scim-calls';
import { printable, type Terminal } from '../terminal/terminal';
import { createWitness, type Witness } from './coder-witness';

interface VerifyOptions extends ClientOptions {
  readonly app: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly group?: string;
  readonly timeout: string;
}

export function addVerify(commands: Commands): void {
  commands.addClient<VerifyOptions>({
    usage: 'verify',
    summary: 'prove that provisioning works',
    description:
      'Prove that provisioning works: a throw-away person and group through SCIM, seen to arrive in Coder, deactivated, seen to lose access, cleaned up. Takes no seat; gives no mapped privilege without --group',
    examples: [
      [
        'CODER_SCIM_TOKEN_FILE=token coder-scim verify --app acme-okta',
        'every step with its time; exit code 1 when one failed',
      ],
      [
        'coder-scim verify --app acme-okta --token-file token --group coder-developers',
        'and what the mappings of this group give',
      ],
    ],
    options: command =>
      command
        .requiredOption('--app <app>', 'the app whose SCIM endpoint is used')
        .option(
          '--token <token>',
          'a SCIM token of the app; other users of the machine can see it: prefer the file or $CODER_SCIM_TOKEN',
        )
        .option('--token-file <path>', 'file with the SCIM token (default: $CODER_SCIM_TOKEN, or …_FILE)')
        .option('--group <name>', 'let the person join this group of the identity provider for a moment')
        .option('--timeout <duration>', 'longest wait for Coder in one step', '60s')
        .addHelpText(
          'after',
          '\nWith CODER_URL and CODER_SESSION_TOKEN in the environment, Coder itself is asked as well.',
        ),
    run: verify,
  });
}

async function verify(context: ClientContext, options: VerifyOptions): Promise<ExitCode> {
  const { client, terminal, paint } = context;
  if (!AppName.safeParse(options.app).success) {
    throw new CommandError(
      `--app is ${JSON.stringify(options.app)}: wanted the name of an app, as \`coder-scim status\` lists them`,
    );
  }
  const timeoutMs = parseDuration(options.timeout, '--timeout');
  const token = readScimToken(terminal, options);
  const { url } = readClientConfig({
    ...terminal.environment,
    ...(options.url === undefined ? {} : { CODER_SCIM_URL: options.url }),
  });
  const { state } = await client.getApp(options.app, terminal.signal);
  const steps: Step[] = [];
  const report = (step: Step) => {
    steps.push(step);
    if (options.json) return;
    const [mark, style] = {
      ok: ['✓', 'good'] as const,
      failed: ['✗', 'bad'] as const,
      skipped: ['-', 'faint'] as const,
    }[step.state];
    terminal.write(
      `${paint(style, mark)} ${step.name.padEnd(16)} ${elapsed(step.milliseconds).padStart(7)}  ${printable(step.detail)}\n`,
    );
  };
  const witness = openWitness(terminal);
  const started = performance.now();
  const succeeded = await runProvisioningTest({
    scim: createScimCalls(`${url}/apps/${options.app}/scim/v2`, token),
    admin: client,
    state,
    group: options.group,
    witness,
    timeoutMs,
    report,
    signal: terminal.signal,
  }).finally(() => witness?.close());
  const milliseconds = performance.now() - started;
  if (options.json) printJson(terminal, { app: options.app, succeeded, milliseconds, steps });
  else {
    const verdict = succeeded ? paint('good', 'provisioning works') : paint('bad', 'provisioning does not work');
    terminal.write(`\n${verdict}, ${elapsed(milliseconds)}\n`);
  }
  return succeeded ? EXIT.ok : EXIT.no;
}

function readScimToken(terminal: Terminal, options: VerifyOptions): string {
  if (options.token !== undefined && options.tokenFile !== undefined) {
    throw new CommandError('--token and --token-file exclude each other: wanted one of the two');
  }
  if (options.token !== undefined) {
    const token = options.token.trim();
    const problem = tokenTextProblem(token);
    if (problem !== undefined) throw new CommandError(`--token can not be used: it ${problem}`);
    return token;
  }
  const { scimToken } = readClientConfig({
    ...terminal.environment,
    ...(options.tokenFile === undefined
      ? {}
      : { CODER_SCIM_TOKEN: undefined, CODER_SCIM_TOKEN_FILE: options.tokenFile }),
  });
  if (scimToken === undefined) {
    throw new CommandError('no SCIM token: set CODER_SCIM_TOKEN or CODER_SCIM_TOKEN_FILE, or use --token-file');
  }
  return scimToken;
}

function openWitness(terminal: Terminal): Witness | undefined {
  const config = readWitnessConfig(terminal.environment);
  if (config === undefined) return undefined;
  // The client and its connection pool take a while to load; most runs go without.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const coder = require('../../coder') as typeof Coder;
  const credential = coder.createCredential(
    config.file === undefined ? { token: config.token } : { file: config.file },
  );
  return createWitness(coder.createCoderClient({ url: config.url, credential, certificates: config.certificates }));
}
