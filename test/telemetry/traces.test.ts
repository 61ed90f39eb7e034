import { scimToken, type SpawnedBridge, spawnBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';
import { type CollectedSpan, type Collector, startCollector } from './collector';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const SERVER = 2;
const CLIENT = 3;

let coder: CoderDouble;
let collector: Collector;
let bridge: SpawnedBridge;
const { token, tokens } = scimToken('from-okta');

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  collector = await startCollector();
  bridge = await spawnBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('bridge'),
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_METRIC_EXPORT_INTERVAL: '500',
      OTEL_METRIC_EXPORT_TIMEOUT: '400',
      CODER_SCIM_LOG_LEVEL: 'debug',
    },
  });
  await bridge.admin.putApp(
    {
      version: 1,
      app: 'acme',
      tokens,
      roleMappings: { a: { idpGroup: 'auditors', role: 'auditor' } },
    },
    'absent',
  );
});
afterAll(async () => {
  await bridge.stop();
  await collector.close();
  await coder.close();
});

let traces = 0;
/** A trace that somebody in front of the bridge began. */
const newTrace = () => {
  traces += 1;
  const traceId = traces.toString(16).padStart(32, 'a');
  return { traceId, header: `00-${traceId}-00f067aa0ba902b7-01` };
};

const scim = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
  fetch(`${bridge.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json', ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  });

const person = (name: string) => ({
  schemas: [USER],
  userName: `${name}@example.com`,
  displayName: `${name} Liddell`,
  emails: [{ value: `${name}@example.com`, primary: true }],
});

const spansOf = (traceId: string) => collector.spans().filter(span => span.traceId === traceId);

/** The server's span of a trace, once it is there with all below it: they end before it. */
async function served(traceId: string): Promise<CollectedSpan> {
  const find = () => spansOf(traceId).find(({ kind }) => kind === SERVER);
  await until(`a span of trace ${traceId}`, () => find() !== undefined);
  return find() as CollectedSpan;
}

/** Makes people until the work of one is done within its request: now and then the background, which looks by itself, is quicker. */
async function servedWithin(name: string): Promise<{ readonly traceId: string; readonly request: CollectedSpan }> {
  for (let n = 1; ; n += 1) {
    const { traceId, header } = newTrace();
    coder.calls.reset();
    expect((await scim('POST', '/scim/v2/Users', person(`${name}-${n}`), { traceparent: header })).status).toBe(201);
    const request = await served(traceId);
    if (n === 10 || spansOf(traceId).some(span => span.name === 'work person')) return { traceId, request };
  }
}

const lines = () =>
  bridge
    .log()
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line) as Record<string, unknown>);

describe('a request of the identity provider', () => {
  it('is one trace, from who sent it to each call of Coder', async () => {
    const { traceId, request } = await servedWithin('alice');
    expect(request).toMatchObject({
      name: 'POST /Users',
      parentSpanId: '00f067aa0ba902b7',
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/Users',
        'url.path': '/scim/v2/Users',
        'http.response.status_code': 201,
        'coder_scim.app': 'acme',
      },
    });
    const work = spansOf(traceId).filter(({ name }) => name === 'work person');
    expect(work.map(({ parentSpanId, attributes }) => [parentSpanId, attributes['coder_scim.work.outcome']])).toEqual([
      [request.spanId, 'done'],
    ]);
    const calls = spansOf(traceId).filter(({ kind }) => kind === CLIENT);
    expect(calls.every(({ parentSpanId }) => parentSpanId === work[0]?.spanId)).toBe(true);
    expect(calls).toContainEqual(
      expect.objectContaining({
        name: 'POST /users',
        attributes: expect.objectContaining({ 'url.template': '/users', 'http.response.status_code': 201 }) as object,
      }),
    );
    // Coder is told the trace, and of which span each call is.
    const told = coder.calls.all().map(({ traceparent }) => traceparent);
    expect(told.length).toBeGreaterThan(0);
    expect(told.sort()).toEqual(calls.map(({ spanId }) => `00-${traceId}-${spanId}-01`).sort());
  });

  it('is so whichever way it takes, and a refused one too', async () => {
    const paths = [
      ['GET', '/apps/acme/scim/v2/Users/', '/Users'],
      ['GET', '/scim/v2/ServiceProviderConfig', '/ServiceProviderConfig'],
      ['GET', '/scim/v2/Users/nobody', '/Users/:id'],
      ['GET', '/scim/v2/Nothing', undefined],
    ] as const;
    for (const [method, path, route] of paths) {
      const { traceId, header } = newTrace();
      const { status } = await scim(method, path, undefined, { traceparent: header });
      const { attributes } = await served(traceId);
      expect([path, attributes['http.route'], attributes['http.response.status_code']]).toEqual([path, route, status]);
    }
  });

  it('begins a trace when it brings none, and takes no baggage along', async () => {
    await scim('POST', '/scim/v2/Users', person('bob'), { baggage: 'secret=of-somebody' });
    await until('the trace', () =>
      collector.spans().some(({ name, parentSpanId }) => name === 'POST /Users' && !parentSpanId),
    );
    expect(collector.text()).not.toContain('of-somebody');
  });

  it('has its trace in each line of the log', async () => {
    const { traceId, request } = await servedWithin('carol');
    const id = request.attributes['coder_scim.request_id'];
    const own = () => lines().find(({ requestId }) => requestId === id);
    await until('its line', () => own() !== undefined);
    expect(own()).toMatchObject({ trace_id: traceId, span_id: request.spanId });
    expect(lines().some(({ msg, trace_id: trace }) => msg === 'coder call' && trace === traceId)).toBe(true);
  });
});

describe('work of the queue', () => {
  it('begins a trace of its own when the request is over, with a link to it', async () => {
    const { traceId, header } = newTrace();
    await coder.unreachable(true);
    await scim('POST', '/scim/v2/Users', person('dora'), { traceparent: header });
    await coder.unreachable(false);
    const request = await served(traceId);
    const linked = () =>
      collector
        .spans()
        .find(
          ({ name, links, attributes }) =>
            name === 'work person' &&
            attributes['coder_scim.work.outcome'] === 'done' &&
            links?.some(link => link.traceId === traceId && link.spanId === request.spanId),
        );
    await until('work that is linked to the request', () => linked() !== undefined);
    const work = linked() as CollectedSpan;
    expect(work.traceId).not.toBe(traceId);
    expect(spansOf(work.traceId)).toContainEqual(expect.objectContaining({ name: 'POST /users', kind: CLIENT }));
  });

  it('of a declaration is part of the trace that declared it, or linked to it where the background was quicker', async () => {
    await bridge.admin.putApp({ version: 1, app: 'second', tokens: {} }, 'absent');
    const declared = () => collector.spans().find(({ name }) => name === 'PUT /admin/v1/apps/:app');
    await until('the span of the declaration', () => declared() !== undefined);
    const { traceId } = declared() as CollectedSpan;
    await until('its work', () =>
      collector
        .spans()
        .some(
          ({ name, traceId: own, links = [] }) =>
            name === 'work app' && [own, ...links.map(link => link.traceId)].includes(traceId),
        ),
    );
  });
});

it('a sweep is a trace', async () => {
  await bridge.admin.sweep('acme');
  await until('its span', () => collector.spans().some(({ name }) => name === 'sweep'));
  const sweep = collector.spans().find(({ name }) => name === 'sweep');
  expect(spansOf(sweep?.traceId ?? '').some(({ kind }) => kind === CLIENT)).toBe(true);
});

it('what is asked every few seconds is no trace', async () => {
  for (const path of ['/healthz', '/readyz', '/metrics']) await fetch(`${bridge.url}${path}`);
  const { traceId, header } = newTrace();
  await scim('GET', '/scim/v2/Users?count=1', undefined, { traceparent: header });
  await served(traceId);
  expect(collector.spans().filter(({ name }) => /health|ready|metrics|buildinfo/.test(name))).toEqual([]);
});

describe('metrics', () => {
  const value = (name: string, attributes: object) => {
    const point = collector.metric(name)?.get(JSON.stringify(attributes));
    return point === undefined ? undefined : Number(point.asDouble ?? point.asInt ?? point.count);
  };

  it('have the names and labels that they have at /metrics', async () => {
    await until(
      'people of the app',
      () => Number(value('coder_scim_directory_users', { app: 'acme', active: 'true' })) > 0,
    );
    const request = { app: 'acme', method: 'POST', route: '/Users', status: '201' };
    await until('requests', () => Number(value('coder_scim_request_duration_seconds', request)) > 0);
    await until(
      'calls',
      () => Number(value('coder_scim_coder_call_duration_seconds', { route: 'POST /users', status: '201' })) > 0,
    );
    expect(value('coder_scim_coder_up', {})).toBe(1);
    const text = await (
      await fetch(`${bridge.url}/metrics`, { headers: { authorization: `Bearer ${bridge.adminToken}` } })
    ).text();
    const names = [...text.matchAll(/^# TYPE (\S+) (counter|gauge)$/gm)].map(([, name = '']) => name);
    // Node tells requests to the system only while there are some: of the two, one may have been asked without.
    const lasting = names.filter(name => name !== 'nodejs_active_requests');
    const shown = lasting.filter(name => new RegExp(`^${name}[ {]`, 'm').test(text));
    const lacking = () => shown.filter(name => collector.metric(name) === undefined);
    await until(`the others: ${lacking().join(', ')}`, () => lacking().length === 0);
  });

  it('have the buckets that they have there', () => {
    const [point] = [...(collector.metric('coder_scim_convergence_delay_seconds')?.values() ?? [])];
    expect(point?.explicitBounds).toContain(60);
  });
});

it('nothing that is sent names anybody, or is a credential', () => {
  const sent = collector.text();
  expect(collector.spans().length).toBeGreaterThan(20);
  for (const secret of ['alice', 'Liddell', 'example.com', token, bridge.adminToken])
    expect(sent).not.toContain(secret);
});

it('says who it is, by the standard variables too, and not whose machine it is on', () => {
  const resource = collector.resource();
  expect(resource).toMatchObject({ 'service.name': 'coder-scim', 'deployment.environment.name': 'test' });
  expect(Object.keys(resource).filter(name => /^(process|host|os)\./.test(name))).toEqual([]);
});
