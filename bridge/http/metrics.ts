/** Metrics in Prometheus' form: requests, calls to Coder, the queue, tokens. Names of apps are labels, people never. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Status } from '../contract/admin-api';

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

export interface Metrics {
  scimServed(served: ServedRequest): void;
  coderCalled(call: CoderCall): void;
  render(): Promise<{ contentType: string; text: string }>;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** @param status read once per scrape */
export function createMetrics(status: () => Promise<Status>): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const scim = new Histogram({
    name: 'coder_scim_request_duration_seconds',
    help: 'SCIM requests by app, method, route and status',
    labelNames: ['app', 'method', 'route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const coderDuration = new Histogram({
    name: 'coder_scim_coder_call_duration_seconds',
    help: 'calls to Coder by route and status',
    labelNames: ['route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const scrapeFailures = new Counter({
    name: 'coder_scim_status_failures_total',
    help: 'scrapes for which the state of the bridge could not be read',
    registers,
  });
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    new Gauge({ name, help, labelNames, registers });
  const coderUp = gauge('coder_scim_coder_up', '1 when Coder answers and takes the bridge’s token');
  const credential = gauge('coder_scim_credential_expiry_timestamp_seconds', 'when the bridge’s Coder token expires');
  const converged = gauge('coder_scim_app_converged', '1 when Coder agrees with the app', 'app');
  const generation = gauge('coder_scim_app_generation', 'generation of the app’s mapping state', 'app');
  const users = gauge('coder_scim_directory_users', 'users in the directory of the app', 'app', 'active');
  const groups = gauge('coder_scim_directory_groups', 'groups in the directory of the app', 'app');
  const work = gauge('coder_scim_work_items', 'people and groups that Coder does not agree with yet', 'app', 'state');
  const holds = gauge('coder_scim_guard_holds', 'plans that the guard stopped', 'app');
  const tokens = gauge(
    'coder_scim_token_expiry_timestamp_seconds',
    'when a SCIM token or OAuth client expires',
    'app',
    'token',
  );
  const coercions = gauge(
    'coder_scim_coercions_total',
    'deviations of the identity provider that were tolerated',
    'app',
    'coercion',
  );

  function show({ coder, apps, holds: open }: Status): void {
    for (const metric of [converged, generation, users, groups, work, holds, tokens, coercions]) metric.reset();
    coderUp.set(coder.problem === null ? 1 : 0);
    if (coder.credentialExpiresAt !== null) credential.set(Date.parse(coder.credentialExpiresAt) / 1_000);
    for (const app of apps) {
      const label = { app: app.app };
      converged.set(label, app.converged ? 1 : 0);
      generation.set(label, app.generation);
      users.set({ ...label, active: 'true' }, app.activeUsers);
      users.set({ ...label, active: 'false' }, app.users - app.activeUsers);
      groups.set(label, app.groups);
      for (const state of ['waiting', 'held', 'parked', 'refused'] as const) work.set({ ...label, state }, app[state]);
      holds.set(label, open.filter(hold => hold.app === app.app).length);
      for (const token of app.tokens) tokens.set({ ...label, token: token.name }, Date.parse(token.expiresAt) / 1_000);
      for (const { coercion, count } of app.coercions) coercions.set({ ...label, coercion }, count);
    }
  }

  return {
    scimServed({ app, method, route, status: code, milliseconds }) {
      scim.observe({ app: app ?? '', method, route, status: String(code) }, milliseconds / 1_000);
    },
    coderCalled({ route, status: code, durationMs }) {
      coderDuration.observe({ route, status: String(code) }, durationMs / 1_000);
    },
    async render() {
      // A database that is away must not hide what the process itself knows.
      await status().then(show, () => scrapeFailures.inc());
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
