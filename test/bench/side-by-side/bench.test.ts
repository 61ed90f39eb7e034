/** The benchmark works: seconds of it, of which nothing is asserted but that every server was measured and told of. */
import { startCoderDouble } from '../../support/coder-double';
import { SOURCES, startBridgeToMeasure } from './bridges';
import { startFloor } from './peers';
import { BEGIN, END, intoDocument, reportOf } from './report';
import { partsOf, playSuite } from './suite';

it('measures the bridge beside the floor with both mixes, and writes what came of it into the document', async () => {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  const bridge = (accounts: 'all' | 'mapped') => () =>
    startBridgeToMeasure({
      program: SOURCES,
      coder: { url: coder.url, token: coder.token },
      backend: 'sqlite',
      declaration: { policies: { accounts } },
    });
  const bridges = { unmapped: bridge('mapped'), mapped: bridge('all'), postgres: undefined };
  const parts = partsOf(bridges, { floor: startFloor }, true).slice(0, 2);
  const lines: string[] = [];
  const results = await playSuite(parts, line => void lines.push(line));
  await coder.close();
  expect(results.map(({ figures }) => [...figures.keys()])).toEqual([
    ['coder-scim, SQLite', 'coder-scim, mapped', 'floor'],
    ['coder-scim, SQLite', 'floor'],
  ]);
  for (const { figures } of results) for (const one of figures.values()) expect(one.warm).toBeGreaterThan(0);
  const report = reportOf(results, new Date(0));
  expect(intoDocument(`before ${BEGIN} old ${END} after`, report)).toBe(`before ${report.markdown} after`);
  expect(report.markdown).toContain('Measured 1970-01-01');
  expect(Object.keys(report.plots)).toEqual(['performance-1.svg', 'performance-2.svg']);
});
