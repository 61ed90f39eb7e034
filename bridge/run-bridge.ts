/** Runs a bridge as a process: log on standard output, an end on SIGTERM, SIGINT or abort. */
import { createBridge } from './bridge';
import { type Config } from './config';
import { createLog } from './log';

export interface RunOptions {
  /** Whether standard output is a terminal. */
  readonly interactive: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Resolves when the bridge has stopped. @throws DatabaseError, ListenError when it can't start */
export async function runBridge(config: Config, { interactive, signal }: RunOptions): Promise<void> {
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat ?? (interactive ? 'text' : 'json'),
    secrets: [config.coderToken, config.adminToken, config.metricsToken].filter(secret => secret !== undefined),
  });
  for (const warning of config.warnings) log.warn(warning);
  const bridge = await createBridge(config, { log });
  log.info({ ...bridge.facts, startedInMs: Math.round(performance.now()) }, 'ready');
  const reason = await told(signal);
  log.info({ reason }, 'stopping: running requests finish, what they leave is in the database');
  await bridge.stop();
  log.info('stopped');
}

/** Waits for the first signal to stop; a second one ends the process at once. */
function told(signal: AbortSignal | undefined): Promise<string> {
  return new Promise(resolve => {
    const stop = (reason: string) => {
      resolve(reason);
      for (const name of ['SIGTERM', 'SIGINT'] as const) {
        process.removeAllListeners(name);
        process.once(name, () => process.exit(name === 'SIGINT' ? 130 : 143));
      }
    };
    for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, stop);
    signal?.addEventListener('abort', () => stop('abort'), { once: true });
    if (signal?.aborted) stop('abort');
  });
}
