/** Runs a bridge as a process: log on standard output, and an end when it is told. */
import { once } from 'node:events';
import { createBridge } from './bridge';
import { type Config } from './config';
import { createLog } from './log';
import { keepHeapSmall } from './heap-size';
import { startTelemetry, type Telemetry } from '../telemetry/telemetry';
import { DatabaseError } from '../store/database/backend';
import { newId } from '../store/database/id';
import { isUnavailable } from '../store/database/unavailable';
import { reason } from './reason';
import { packageVersion } from './version';

export interface RunOptions {
  /** Whether standard output is a terminal. */
  readonly interactive: boolean;
  /** Ends the bridge; its reason is logged. */
  readonly signal: AbortSignal;
}

/** Resolves when the bridge has stopped. @throws DatabaseError, ListenError when it can't start */
export async function runBridge(config: Config, options: RunOptions): Promise<void> {
  try {
    await runToItsEnd(config, options);
  } catch (error) {
    // A database that goes away while the bridge starts or ends is no defect of the program.
    if (error instanceof DatabaseError || !isUnavailable(error)) throw error;
    throw new DatabaseError(`database can not be used: ${reason(error)}`, { cause: error });
  }
}

async function runToItsEnd(config: Config, { interactive, signal }: RunOptions): Promise<void> {
  keepHeapSmall();
  let telemetry: Telemetry | undefined;
  const log = createLog({
    level: config.logLevel,
    format: config.logFormat ?? (interactive ? 'text' : 'json'),
    secrets: secretsOf(config),
    ...(config.telemetry?.traces === true ? { fields: () => telemetry?.tracer?.logFields() ?? {} } : {}),
  });
  process.on('uncaughtExceptionMonitor', error =>
    log.fatal({ error }, 'the bridge crashes: what it had accepted is in the database'),
  );
  for (const warning of config.warnings) log.warn(warning);
  const owner = newId();
  if (config.telemetry !== undefined)
    telemetry = startTelemetry(config.telemetry, { log, version: packageVersion(), instance: owner });
  const bridge = await createBridge(config, { log, owner, telemetry });
  log.info({ ...bridge.facts, startedInMs: Math.round(performance.now()) }, 'ready');
  if (!signal.aborted) await once(signal, 'abort');
  log.info({ reason: String(signal.reason) }, 'stopping: running requests finish, what they leave is in the database');
  await bridge.stop();
  log.info('stopped');
}

/** What no line of the log has, whoever writes it. */
export function secretsOf(config: Config): string[] {
  const places = config.auditExport.flatMap(to => (to.kind === 'http' ? [to.url] : []));
  const urls = config.webhookUrl === undefined ? places : [config.webhookUrl, ...places];
  const secrets = [
    config.coderToken,
    config.adminToken,
    config.metricsToken,
    config.oidcClientSecret,
    config.auditExportAuthorization,
    config.webhookSecret,
    ...urls.flatMap(secretParts),
  ].filter(secret => secret !== undefined);
  // The longest first: of one that begins with another, cut out before, the rest would stay.
  return [...secrets.sort((a, b) => b.length - a.length), ...urls];
}

/** Path and query may be a credential, together or one of them. */
function secretParts(url: string): string[] {
  const { pathname, search } = new URL(url);
  return [`${pathname}${search}`, pathname, search];
}
