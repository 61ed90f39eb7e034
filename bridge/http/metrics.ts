/** Metrics in Prometheus' form: requests, convergence, calls to Coder, the process. Names of apps are labels, people never. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Status } from '../contract/admin-api';
import { createStatusMetrics } from './status-metrics';

/** One served SCIM request. */
interface ServedRequest {
  /** Undefined when the caller is not known. */
  readonly app: string | undefined;
  readonly method: string;
  /** Path with placeholders. */
  readonly route: string;
  readonly status: number;
  readonly milliseconds: number;
}

/** One call to Coder. */
interface CoderCall {
  readonly route: string;
  /** Status, or the kind of the error when no answer came. */
  readonly status: number | string;
  readonly durationMs: number;
}

/** Work that is done: Coder agrees about what it is of. */
interface Converged {
  readonly app: string;
  readonly kind: string;
  readonly leaving: boolean;
  /** Since it was queued. */
  readonly milliseconds: number;
}

/** A line of the audit trail, once it is part of the chain. */
interface AuditLine {
  readonly app: string | null;
  readonly action: string;
  readonly result: string;
}

export interface Metrics {
  scimServed(served: ServedRequest): void;
  coderCalled(call: CoderCall): void;
  converged(done: Converged): void;
  auditSealed(line: AuditLine): void;
  /** @param behind lines that the destination has not been told of */
  auditExported(destination: string, behind: number): void;
  render(): Promise<{ contentType: string; text: string }>;
}

/** What a metric is, by its name here and everywhere else. */
export interface Definition {
  readonly name: string;
  readonly help: string;
  /** It only grows. */
  readonly counts: boolean;
}

/** One value of a counter or gauge. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** Who is told of the same metrics besides. */
export interface Mirror {
  /** @returns what is told of each value */
  histogram(definition: {
    readonly name: string;
    readonly help: string;
    readonly buckets: readonly number[];
  }): (labels: Readonly<Record<string, string>>, value: number) => void;
  /** Counters and gauges, which are read when they are wanted. */
  readAtExport(definitions: readonly Definition[], read: () => Promise<readonly Sample[]>): void;
}

export interface MetricsSources {
  /** Read once per scrape. */
  readonly status: () => Promise<Status>;
  /** Whether calls to Coder go through, as far as is known without one. */
  readonly circuitClosed: () => boolean;
  readonly mirror?: Mirror | undefined;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
// From within the request to a Coder that was away for a day; 60 is what the first alert is about.
const DELAY_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];

export function createMetrics({ status, circuitClosed, mirror }: MetricsSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const histogram = (name: string, help: string, labelNames: readonly string[], buckets: readonly number[]) => {
    const made = new Histogram({ name, help, labelNames, buckets: [...buckets], registers });
    const mirrored = mirror?.histogram({ name, help, buckets });
    return (labels: Readonly<Record<string, string>>, milliseconds: number) => {
      made.observe(labels, milliseconds / 1_000);
      mirrored?.(labels, milliseconds / 1_000);
    };
  };
  const scim = histogram(
    'coder_scim_request_duration_seconds',
    'SCIM requests by app, method, route and status',
    ['app', 'method', 'route', 'status'],
    SECONDS,
  );
  const lastRequest = new Gauge({
    name: 'coder_scim_last_request_timestamp_seconds',
    help: 'when this process last served a request of the app’s identity provider',
    labelNames: ['app'],
    registers,
  });
  const delay = histogram(
    'coder_scim_convergence_delay_seconds',
    'from the change to the moment at which Coder agreed, by app, what it was of, and whether somebody left',
    ['app', 'kind', 'leaving'],
    DELAY_SECONDS,
  );
  const coderDuration = histogram(
    'coder_scim_coder_call_duration_seconds',
    'calls to Coder by route and status',
    ['route', 'status'],
    SECONDS,
  );
  const lines = new Counter({
    name: 'coder_scim_audit_lines_total',
    help: 'changes to Coder and decisions not to change, by app, action (such as drift.found) and result',
    labelNames: ['app', 'action', 'result'],
    registers,
  });
  const behind = new Gauge({
    name: 'coder_scim_audit_export_pending_lines',
    help: 'audit lines that a destination has not been told of, as this process last saw it',
    labelNames: ['destination'],
    registers,
  });
  const circuit = new Gauge({
    name: 'coder_scim_coder_circuit_open',
    help: '1 while Coder is not called because it did not answer',
    registers,
  });
  const scrapeFailures = new Counter({
    name: 'coder_scim_status_failures_total',
    help: 'scrapes for which the state of the bridge could not be read',
    registers,
  });
  const state = createStatusMetrics(registry);

  /** An increase is not seen in a series that begins with it: that of drift, which an alert asks for, begins with 0. */
  const expectDrift = (app: string) => lines.inc({ app, action: 'drift.found', result: 'reported' }, 0);
  expectDrift('');

  /** Reads what is not known before somebody asks. */
  async function look(): Promise<void> {
    circuit.set(circuitClosed() ? 0 : 1);
    // A database that is away must not hide what the process itself knows.
    await status().then(
      answer => {
        state.show(answer);
        for (const { app } of answer.apps) expectDrift(app);
      },
      () => {
        scrapeFailures.inc();
        state.forget();
      },
    );
  }

  mirror?.readAtExport(definitionsOf(registry), async () => {
    await look();
    return await samplesOf(registry);
  });

  return {
    scimServed({ app, method, route, status: code, milliseconds }) {
      scim({ app: app ?? '', method, route, status: String(code) }, milliseconds);
      if (app !== undefined) lastRequest.setToCurrentTime({ app });
    },
    coderCalled({ route, status: code, durationMs }) {
      coderDuration({ route, status: String(code) }, durationMs);
    },
    converged({ app, kind, leaving, milliseconds }) {
      delay({ app, kind, leaving: String(leaving) }, milliseconds);
    },
    auditSealed({ app, action, result }) {
      lines.inc({ app: app ?? '', action, result });
    },
    auditExported(destination, lines) {
      behind.set({ destination }, lines);
    },
    async render() {
      await look();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** Counters and gauges of a registry, those of the runtime included. */
function definitionsOf(registry: Registry): Definition[] {
  return registry.getMetricsAsArray().flatMap(({ name, help, type }) => {
    const kind = String(type);
    return kind === 'counter' || kind === 'gauge' ? [{ name, help, counts: kind === 'counter' }] : [];
  });
}

async function samplesOf(registry: Registry): Promise<Sample[]> {
  const all = await registry.getMetricsAsJSON();
  return all.flatMap(({ name, type, values }) =>
    ['counter', 'gauge'].includes(String(type))
      ? values.map(({ labels, value }) => ({ name, value, labels: labels as Sample['labels'] }))
      : [],
  );
}
