/** The benchmark works: seconds of it, of which nothing is asserted but that every server was measured and told of. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startCoderDouble } from '../../support/coder-double';
import { findPostgres } from '../../support/postgres-server';
import { SOURCES, startBridgeToMeasure } from './bridges';
import { floor, startPeer } from './peers';
import { BEGIN, END, intoDocument, reportOf } from './report';
import { partsOf, playHolds, playSuite, type StartBridge } from './suite';

jest.setTimeout(300_000);

it('measures the bridge beside floors and peers with every setting, and writes what came of it into the document', async () => {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  const folder = mkdtempSync(join(tmpdir(), 'cscim-peer-'));
  writeFileSync(
    join(folder, 'start.mjs'),
    `import ${JSON.stringify(pathToFileURL(join(__dirname, 'floor.mjs')).href)};`,
  );
  const bridge =
    (backend: 'sqlite' | 'postgres'): StartBridge =>
    ({ mapped = false, filled } = {}) =>
    () =>
      startBridgeToMeasure({
        program: SOURCES,
        coder: { url: coder.url, token: coder.token },
        backend,
        declaration: { policies: { accounts: mapped ? 'all' : 'mapped' } },
        ...(filled && { filled }),
      });
  const takePart = {
    sqlite: bridge('sqlite'),
    postgres: findPostgres() === undefined ? undefined : bridge('postgres'),
    peers: { peer: () => startPeer(folder) },
    floors: { floor: floor('sqlite') },
  };
  const onSqlite = { ...takePart, postgres: undefined };
  const parts = [...partsOf(takePart, true).slice(0, 1), ...partsOf(onSqlite, true).slice(-1)];
  const lines: string[] = [];
  const told = (line: string) => void lines.push(line);
  const results = await playSuite(parts, told);
  const holds = await playHolds(onSqlite, true, told);
  await coder.close();
  rmSync(folder, { recursive: true });

  const postgres = (name: string) => (takePart.postgres === undefined ? [] : [name]);
  const everybody = [
    ...['coder-scim, SQLite', ...postgres('coder-scim, Postgres')],
    ...['coder-scim, SQLite, mapped', ...postgres('coder-scim, Postgres, mapped')],
    ...['peer', 'floor'],
  ];
  expect(results.map(({ figures }) => [...figures.keys()])).toEqual([everybody, ['coder-scim, SQLite', 'floor']]);
  for (const { figures } of results) for (const one of figures.values()) expect(one.warm).toBeGreaterThan(0);
  expect([...holds.holds].map(([name, all]) => [name, all.length])).toEqual([['coder-scim, SQLite', 6]]);

  const report = reportOf(results, holds, new Date(0));
  expect(intoDocument(`before ${BEGIN} old ${END} after`, report)).toBe(`before ${report.markdown} after`);
  expect(report.markdown).toContain('Measured 1970-01-01');
  for (const name of everybody) expect(report.markdown).toContain(`| ${name} |`);
  expect(Object.keys(report.plots)).toEqual(['performance-1.svg', 'performance-2.svg', 'performance-holds.svg']);
});
