import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as api from '@opentelemetry/api';
import { createLog } from '../../bridge/process/log';
import { listenToSdk } from '../../bridge/telemetry/diagnostics';
import { signalsOf } from '../../bridge/telemetry/signals';
import { spawnBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { until } from '../support/until';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const AWAY = 'http://127.0.0.1:1';

describe('what is sent', () => {
  const both = { traces: true, metrics: true };
  it.each([
    ['nothing without a variable', {}, undefined],
    ['nothing by a name alone', { OTEL_SERVICE_NAME: 'scim' }, undefined],
    ['nothing where the SDK is disabled', { [ENDPOINT]: AWAY, OTEL_SDK_DISABLED: 'true' }, undefined],
    ['both by an endpoint', { [ENDPOINT]: AWAY }, both],
    ['both by an endpoint of an SDK that is not disabled', { [ENDPOINT]: AWAY, OTEL_SDK_DISABLED: 'false' }, both],
    ['nothing by an empty endpoint', { [ENDPOINT]: ' ' }, undefined],
    [
      'what has an endpoint of its own',
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: AWAY },
      { traces: false, metrics: true },
    ],
    ['what has an exporter', { OTEL_TRACES_EXPORTER: 'otlp' }, { traces: true, metrics: false }],
    ['not what has none', { [ENDPOINT]: AWAY, OTEL_METRICS_EXPORTER: 'none' }, { traces: true, metrics: false }],
    ['nothing where both have none', { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' }, undefined],
    ['what a file says', { OTEL_CONFIG_FILE: '/etc/otel.yaml' }, both],
  ])('is %s', (_name, environment, wanted) => {
    const signals = signalsOf(environment);
    expect(signals === undefined ? undefined : { traces: signals.traces, metrics: signals.metrics }).toEqual(wanted);
  });
});

describe('a bridge', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coder-scim-otel-'));
  let coder: CoderDouble;
  beforeAll(async () => {
    coder = await startCoderDouble({ rateLimitPerMinute: 0 });
    coder.addUser('bridge', { roles: ['owner'] });
  });
  afterAll(async () => {
    await coder.close();
    rmSync(folder, { recursive: true });
  });

  /** Runs a bridge that has a script loaded before it. @returns what it logged */
  async function run(script: string, env: Record<string, string>): Promise<string> {
    const file = join(folder, `${Math.random()}.cjs`);
    writeFileSync(file, script);
    const bridge = await spawnBridge({
      coderUrl: coder.url,
      coderToken: coder.issueToken('bridge'),
      env: { NODE_OPTIONS: `--require ${file}`, ...env },
    });
    await fetch(`${bridge.url}/scim/v2/Users`);
    await bridge.stop();
    return bridge.log();
  }

  it('loads nothing of OpenTelemetry unless it is asked for', async () => {
    const loaded = join(folder, 'loaded.json');
    const script = `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(loaded)}, JSON.stringify(Object.keys(require.cache))));`;
    // prom-client loads the API, which does nothing by itself.
    const ofTelemetry = () =>
      (JSON.parse(readFileSync(loaded, 'utf8')) as string[]).filter(file => /\/@opentelemetry\/(?!api\/)/.test(file));
    await run(script, {});
    expect(ofTelemetry()).toEqual([]);
    await run(script, { OTEL_TRACES_EXPORTER: 'otlp' });
    expect(ofTelemetry()).not.toEqual([]);
  });

  it('works without the packages, and says what to do', async () => {
    const script = `const { Module } = require('module'); const find = Module._resolveFilename;
Module._resolveFilename = function (name, ...rest) {
  if (name.startsWith('@opentelemetry/sdk-node')) throw Object.assign(new Error("Cannot find module '" + name + "'"), { code: 'MODULE_NOT_FOUND' });
  return find.call(this, name, ...rest);
};`;
    const log = await run(script, { [ENDPOINT]: AWAY });
    expect(log).toContain('npm install @opentelemetry/sdk-node');
    expect(log).toContain('OTEL_SDK_DISABLED=true');
    expect(log).toContain('"msg":"scim request"');
  });

  it('serves, and ends, while the collector refuses what it is sent', async () => {
    let refused = 0;
    const collector = createServer((request, response) => {
      request.resume();
      refused += 1;
      response.writeHead(400).end();
    });
    await new Promise<void>(resolve => collector.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
    const log = await run('', { [ENDPOINT]: url, OTEL_BSP_SCHEDULE_DELAY: '20' });
    await until('a refusal', () => refused > 0);
    collector.closeAllConnections();
    collector.close();
    expect(log).toContain('OpenTelemetry has trouble');
    expect(log).toContain('"msg":"stopped"');
  });
});

it('tells trouble of the SDK at most once a minute, and how much was not told', () => {
  const lines: string[] = [];
  let now = 0;
  const log = createLog({
    level: 'info',
    format: 'json',
    secrets: [],
    destination: { write: line => void lines.push(line) },
  });
  listenToSdk(api, log, () => now);
  api.diag.error(JSON.stringify({ message: 'the collector is away', stack: 'Error: …' }));
  api.diag.warn('again');
  api.diag.info('nothing of interest');
  now = 60_000;
  api.diag.error('and again');
  api.diag.disable();
  expect(lines.map(line => JSON.parse(line) as object)).toMatchObject([
    { level: 'warn', problem: 'the collector is away', msg: 'OpenTelemetry has trouble' },
    { level: 'warn', problem: 'and again', unsaid: 1 },
  ]);
});
