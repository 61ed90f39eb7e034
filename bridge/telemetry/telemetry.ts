/**
 * OpenTelemetry: traces from the identity provider's request to each call of Coder, and the metrics of `/metrics`. Its packages stand
 * beside the bridge where somebody wants them, are loaded here alone and only then, and nothing of the bridge depends on them.
 */
import { createRequire } from 'node:module';
import type * as Api from '@opentelemetry/api';
import type * as Sdk from '@opentelemetry/sdk-node';
import { type Log } from '../http/log';
import { listenToSdk } from './diagnostics';
import { createMetricsMirror, type MetricsMirror } from './metrics-mirror';
import { createTracer, type Tracer } from './tracer';
import { type Signals } from './signals';

export interface Telemetry {
  /** Undefined where traces are not wanted. */
  readonly tracer: Tracer | undefined;
  /** Undefined where metrics are not wanted. */
  readonly metrics: MetricsMirror | undefined;
  /** Sends what is left, as far as it goes in time. */
  stop(): Promise<void>;
}

export interface TelemetryOptions {
  readonly log: Log;
  readonly version: string;
  /** Name of this process among the replicas. */
  readonly instance: string;
}

const NAME = 'coder-scim';
/** How long a collector that does not answer may keep the bridge from ending. */
const LAST_WORDS_MS = 5_000;

/** Never fails: a bridge without its telemetry still locks people out. @returns undefined when it can't be had, which the log says */
export function startTelemetry(signals: Signals, options: TelemetryOptions): Telemetry | undefined {
  const { log, version } = options;
  const loaded = load(log);
  if (loaded === undefined) return undefined;
  const { api, sdk } = loaded;
  // What is wrong with the variables goes to standard error until the log listens.
  const running = sdk.startNodeSdk({
    logLevel: 'warn',
    ...resourceOf(signals, options),
    ...(signals.traces ? {} : { spanProcessors: [] }),
    ...(signals.metrics ? {} : { metricReaders: [] }),
    logRecordProcessors: [],
  });
  listenToSdk(api, log);
  const { traces, metrics } = signals;
  log.info({ traces, metrics }, 'OpenTelemetry is on');
  return {
    tracer: traces
      ? createTracer(api, api.trace.getTracer(NAME, version), { baggage: signals.propagators })
      : undefined,
    metrics: metrics ? createMetricsMirror(api, api.metrics.getMeter(NAME, version)) : undefined,
    stop: () => within(LAST_WORDS_MS, running.shutdown(), log),
  };
}

/** Who sends: by the standard variables, else the program's name. What tells of the machine and who runs it is for who asks for it. */
function resourceOf({ serviceName, detectors }: Signals, { version, instance }: TelemetryOptions) {
  const attributes = { 'service.name': NAME, 'service.version': version, 'service.instance.id': instance };
  return {
    ...(detectors ? {} : { resourceDetectors: [{ detect: () => ({ attributes }) }] }),
    ...(serviceName === undefined ? {} : { resourceAttributes: { 'service.name': serviceName } }),
  };
}

function load(log: Log): { readonly api: typeof Api; readonly sdk: typeof Sdk } | undefined {
  try {
    const path = require.resolve('@opentelemetry/sdk-node');
    const require_ = createRequire(path);
    // The very copy of the API that the SDK registers with: another one, of another version, would do nothing.
    return { api: require_('@opentelemetry/api') as typeof Api, sdk: require_(path) as typeof Sdk };
  } catch (error) {
    if (isMissing(error))
      log.warn(
        'variables of OpenTelemetry are set and its SDK is not installed, so that no traces and metrics are sent: npm install @opentelemetry/sdk-node where coder-scim is installed, or set OTEL_SDK_DISABLED=true',
      );
    else log.warn({ err: error }, 'OpenTelemetry can not be loaded: no traces and metrics are sent');
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'MODULE_NOT_FOUND' && message.includes("'@opentelemetry/");
}

async function within(ms: number, ending: Promise<void>, log: Log): Promise<void> {
  let alarm: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_, reject) => {
    alarm = setTimeout(() => reject(new Error(`no answer in ${ms / 1_000} s`)), ms);
  });
  await Promise.race([ending, late]).catch((error: unknown) =>
    log.warn({ err: error }, 'the last traces and metrics could not be sent'),
  );
  clearTimeout(alarm);
}
