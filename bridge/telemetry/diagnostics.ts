/** What the SDK has to say of itself, such as a collector that is away, as lines of the log: at most one a minute. */
import type * as Api from '@opentelemetry/api';
import { type Log } from '../http/log';

const QUIET_MS = 60_000;
const LONGEST = 500;

export function listenToSdk({ diag, DiagLogLevel }: typeof Api, log: Log, now: () => number = Date.now): void {
  let saidAt = -Infinity;
  let unsaid = 0;
  const tell = (message: string): void => {
    if (now() - saidAt < QUIET_MS) {
      unsaid += 1;
      return;
    }
    saidAt = now();
    log.warn({ problem: textOf(message), ...(unsaid > 0 ? { unsaid } : {}) }, 'OpenTelemetry has trouble');
    unsaid = 0;
  };
  const ignore = () => undefined;
  diag.setLogger(
    { error: tell, warn: tell, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}

/** The message alone of an error that the SDK writes as JSON, with its stack. */
function textOf(text: string): string {
  let message = text;
  try {
    const said = (JSON.parse(text) as { message?: unknown } | null)?.message;
    if (typeof said === 'string') message = said;
  } catch {
    // It is plain text.
  }
  return message.slice(0, LONGEST);
}
