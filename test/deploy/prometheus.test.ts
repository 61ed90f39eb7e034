/** Alert rules and dashboard: they parse, and ask for what the bridge exports. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { ADMIN_TOKEN, type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { itWith, run } from './tools';

const DEPLOY = join(__dirname, '..', '..', 'deploy');
const PROMTOOL = 'go install github.com/prometheus/prometheus/cmd/promtool@latest';

interface Expression {
  readonly where: string;
  readonly text: string;
}

function alerts(): Expression[] {
  const file = parse(readFileSync(join(DEPLOY, 'prometheus', 'alerts.yaml'), 'utf8')) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  return file.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ where: alert, text: expr })));
}

function dashboard(): Expression[] {
  const file = JSON.parse(readFileSync(join(DEPLOY, 'grafana', 'coder-scim.json'), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  return file.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ where: title, text: expr.replaceAll('$__rate_interval', '5m') })),
  );
}

/** Names and labels that an expression selects by; a part that does not parse is an error. */
function selectorsOf({ where, text }: Expression): { metric: string; labels: string[] }[] {
  const found: { metric: string; labels: string[] }[] = [];
  parser.parse(text).iterate({
    enter: node => {
      if (node.type.isError) throw new Error(`${where}: ${text} does not parse at ${node.from}`);
      if (node.name !== 'VectorSelector') return;
      const metric = node.node.getChild('Identifier');
      const labels = node.node
        .getChild('LabelMatchers')
        ?.getChildren('UnquotedLabelMatcher')
        .map(matcher => matcher.getChild('LabelName'));
      found.push({
        metric: metric === null ? '' : text.slice(metric.from, metric.to),
        labels: (labels ?? []).map(label => (label === null ? '' : text.slice(label.from, label.to))),
      });
    },
  });
  return found;
}

let coder: CoderDouble;
let bridge: RunningBridge;
let exposition: string;

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addUser('bridge', { roles: ['owner'] });
  bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge') });
  const { token, tokens } = scimToken('main');
  await bridge.admin.putApp({ version: 1, app: 'acme', tokens }, 'absent');
  const made = await fetch(`${bridge.url}/scim/v2/Users`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'alice@example.com',
      emails: [{ value: 'alice@example.com', primary: true }],
      active: true,
    }),
  });
  expect(made.status).toBe(201);
  exposition = await (
    await fetch(`${bridge.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  ).text();
});
afterAll(async () => {
  await bridge.stop();
  await coder.close();
});

const typesOf = (text: string) =>
  new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]));

/** Series that the bridge exports under their family's name. */
function isExported(metric: string): boolean {
  const types = typesOf(exposition);
  const family = metric.replace(/_(bucket|count|sum)$/, '');
  return types.has(metric) || types.get(family) === 'histogram';
}

describe.each([
  ['the alert rules', alerts()],
  ['the dashboard', dashboard()],
])('%s', (_name, expressions) => {
  it.each(expressions.map(expression => [expression.where, expression] as const))(
    '“%s” asks for series and labels that the bridge exports',
    (_where, expression) => {
      const selectors = selectorsOf(expression);
      expect(selectors).not.toHaveLength(0);
      // `up` is Prometheus' own.
      for (const { metric, labels } of selectors.filter(selector => selector.metric !== 'up')) {
        expect([metric, isExported(metric)]).toEqual([metric, true]);
        const lines = exposition.split('\n').filter(line => line.startsWith(`${metric}{`));
        for (const label of labels.filter(label => !['job', 'instance'].includes(label)))
          expect([metric, label, lines.some(line => line.includes(`${label}="`)) || lines.length === 0]).toEqual([
            metric,
            label,
            true,
          ]);
      }
    },
  );
});

describe('the names of the bridge’s own metrics', () => {
  it('are by convention: counters alone end in _total, units are base units, each has a help', () => {
    const types = typesOf(exposition);
    const own = [...types].filter(([name]) => name.startsWith('coder_scim_'));
    expect(own.length).toBeGreaterThan(20);
    for (const [name, type] of own) {
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      expect(name).not.toMatch(/milliseconds|minutes|hours|days|_ms_|gauge|counter|histogram|[A-Z]/);
      expect(exposition).toMatch(new RegExp(`^# HELP ${name} \\S`, 'm'));
    }
  });

  itWith('promtool', PROMTOOL)('are what promtool finds nothing wrong with', () => {
    const own = exposition
      .split('\n')
      .filter(line => /^(# \w+ )?coder_scim_/.test(line))
      .join('\n');
    expect(run('promtool', ['check', 'metrics'], `${own}\n`)).toEqual({ code: 0, said: '' });
  });
});

itWith('promtool', PROMTOOL)('the alerts fire when they should and not before, by promtool', () => {
  const { code, said } = run('promtool', ['test', 'rules', join(DEPLOY, 'prometheus', 'alerts.test.yaml')]);
  expect([code, said]).toEqual([0, expect.stringContaining('SUCCESS')]);
});
