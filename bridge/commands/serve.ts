/** `coder-scim serve`: runs the bridge until it is told to stop. */
import type * as RunBridge from '../process/run-bridge';
import { readConfig } from '../process/config';
import { type Commands, type Context } from './command';
import { EXIT, type ExitCode } from './terminal/exit-code';

export function addServe(commands: Commands): void {
  commands.add({
    usage: 'serve',
    summary: 'run the bridge',
    description:
      'Run the bridge: the SCIM endpoint, the admin API, and the loop that makes Coder agree. Configured by environment variables alone',
    examples: [
      [
        'CODER_URL=https://coder.example.com CODER_SESSION_TOKEN_FILE=coder-token CODER_SCIM_ADMIN_TOKEN_FILE=admin-token coder-scim serve',
        'with SQLite in the state directory',
      ],
      [
        'CODER_SCIM_DATABASE_URL=postgres://… CODER_SCIM_LISTEN=:8399 coder-scim serve',
        'one of several replicas on one Postgres',
      ],
    ],
    run: serve,
  });
}

async function serve({ terminal }: Context): Promise<ExitCode> {
  const config = readConfig(terminal.environment);
  // The whole bridge is behind this: the client commands do without.
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const { runBridge } = require('../process/run-bridge') as typeof RunBridge;
  await runBridge(config, {
    interactive: terminal.interactive,
    signal: terminal.signal ?? new AbortController().signal,
  });
  return EXIT.ok;
}
