/** `coder-scim doctor`: asks the bridge whether it can do what the mappings need; without a bridge, looks at what is here. */
import { AdminError } from '../admin-client/admin-error';
import { type DoctorCheck } from '../contract/admin-api';
import { ConfigError, readConfig } from '../process/config';
import { type ClientOptions, type Commands, type Context, openClient, printJson } from './command';
import { EXIT, type ExitCode } from './terminal/exit-code';
import { plural } from './terminal/plural';
import { type Paint, printable, type Style } from './terminal/terminal';

export function addDoctor(commands: Commands): void {
  commands.add<ClientOptions>({
    usage: 'doctor',
    summary: 'check what provisioning needs',
    description:
      'Check what provisioning needs: Coder reachable, the account and its rights, licence, OIDC, sync settings that conflict. Asks the bridge; when it does not run, checks the configuration here',
    examples: [
      ['coder-scim doctor', 'exit code 1 when a check failed'],
      ['coder-scim doctor --json', 'the checks as JSON'],
    ],
    options: command =>
      command
        .option('--url <url>', 'the bridge (default: $CODER_SCIM_URL, or http://127.0.0.1:8399)')
        .option('--admin-token-file <path>', 'file with the admin token (default: $CODER_SCIM_ADMIN_TOKEN, or …_FILE)')
        .option('--json', 'print the answer as JSON'),
    run: doctor,
  });
}

async function doctor({ terminal, paint }: Context, options: ClientOptions): Promise<ExitCode> {
  const checks = await askBridge(terminal, options);
  if (options.json) printJson(terminal, { checks });
  else terminal.write(renderChecks(checks, paint));
  return checks.some(check => check.state === 'failed') ? EXIT.no : EXIT.ok;
}

async function askBridge(terminal: Context['terminal'], options: ClientOptions): Promise<DoctorCheck[]> {
  try {
    const client = openClient(terminal, options);
    const { checks } = await client.doctor(terminal.signal);
    return [{ name: 'bridge', state: 'ok', detail: 'answers', next: null }, ...checks];
  } catch (error) {
    if (!(error instanceof AdminError && error.status === 0)) throw error;
    return [
      { name: 'bridge', state: 'failed', detail: error.message, next: 'start it: coder-scim serve' },
      ...configurationChecks(terminal.environment),
    ];
  }
}

/** One check for each mistake of the configuration, or one that says there is none. */
export function configurationChecks(environment: Context['terminal']['environment']): DoctorCheck[] {
  try {
    const { warnings } = readConfig(environment);
    return [
      { name: 'configuration', state: 'ok', detail: 'every variable that `coder-scim serve` needs is set', next: null },
      ...warnings.map((detail): DoctorCheck => ({ name: 'configuration', state: 'warning', detail, next: null })),
    ];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(detail => ({ name: 'configuration', state: 'failed', detail, next: null }));
  }
}

const MARKS: Readonly<Record<DoctorCheck['state'], readonly [mark: string, style: Style]>> = {
  ok: ['✓', 'good'],
  warning: ['!', 'warn'],
  failed: ['✗', 'bad'],
  skipped: ['-', 'faint'],
};

/** Checks as a list, each with what to do next. */
export function renderChecks(checks: readonly DoctorCheck[], paint: Paint): string {
  const width = Math.max(...checks.map(check => check.name.length));
  const lines = checks.map(({ name, state, detail, next }) => {
    const [mark, style] = MARKS[state];
    const line = `${paint(style, mark)} ${name.padEnd(width)}  ${printable(detail)}\n`;
    return next === null ? line : `${line}  ${' '.repeat(width)}  ${paint('faint', `→ ${printable(next)}`)}\n`;
  });
  const failed = checks.filter(check => check.state === 'failed').length;
  const warned = checks.filter(check => check.state === 'warning').length;
  const summary =
    failed > 0
      ? paint('bad', `${plural(failed, 'check')} failed`)
      : warned > 0
        ? paint('warn', `${plural(warned, 'warning')}`)
        : paint('good', 'all is well');
  return `${lines.join('')}\n${summary}\n`;
}
