/** Which signals the standard variables of OpenTelemetry ask for. Pure: nothing of OpenTelemetry is loaded to tell that it is off. */

/** What is to be sent; a configuration file (`OTEL_CONFIG_FILE`) says itself which, and what of it is none is not sent. */
export interface Signals {
  readonly traces: boolean;
  readonly metrics: boolean;
  /** Whether `baggage` of requests is passed on: only where propagators are named. */
  readonly propagators: boolean;
  /** `OTEL_SERVICE_NAME`; undefined when it is not set. */
  readonly serviceName: string | undefined;
  /** Whether the SDK is to find out itself where it runs, by the detectors that are named. */
  readonly detectors: boolean;
}

/**
 * A signal is on when an exporter is named for it, or, where none is, when an endpoint is.
 * @returns undefined when nothing is to be sent: the default, and with `OTEL_SDK_DISABLED=true`
 */
export function signalsOf(environment: Readonly<Record<string, string | undefined>>): Signals | undefined {
  const value = (name: string) => environment[name]?.trim() || undefined;
  if (value('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined;
  const file = value('OTEL_CONFIG_FILE') !== undefined;
  const wanted = (signal: 'TRACES' | 'METRICS'): boolean => {
    const exporters = value(`OTEL_${signal}_EXPORTER`);
    if (exporters !== undefined) return !exporters.split(',').some(exporter => exporter.trim() === 'none');
    return [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`, 'OTEL_EXPORTER_OTLP_ENDPOINT'].some(name => value(name));
  };
  const traces = file || wanted('TRACES');
  const metrics = file || wanted('METRICS');
  if (!traces && !metrics) return undefined;
  return {
    traces,
    metrics,
    propagators: value('OTEL_PROPAGATORS') !== undefined,
    serviceName: value('OTEL_SERVICE_NAME'),
    detectors: value('OTEL_NODE_RESOURCE_DETECTORS') !== undefined,
  };
}
