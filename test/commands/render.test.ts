import { type PlanReport, type Status } from '../../bridge/contract/admin-api';
import { gatherAlike } from '../../bridge/commands/terminal/fold-repeats';
import { documentChanges } from '../../bridge/commands/terminal/difference';
import { elapsed, plural, relativeTime } from '../../bridge/commands/terminal/plural';
import { renderPlan } from '../../bridge/commands/plan';
import { isWell, renderStatus } from '../../bridge/commands/status';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { statusOf } from '../support/status';

const paint = (_style: string, text: string) => text;
const NOW = Date.parse('2026-03-01T12:00:00Z');

const report = (change: Partial<PlanReport>): PlanReport => ({
  changes: [],
  adoption: { matched: [], created: [], held: [], strangers: [] },
  problems: [],
  holds: [],
  seats: null,
  ...change,
});
const change = (subject: string, more: object = {}): PlanReport['changes'][number] => ({
  app: 'acme',
  subject,
  action: 'group.add',
  target: 'coder/developers',
  before: null,
  after: null,
  because: 'devs',
  removal: false,
  ...more,
});
const pending = (subject: string, reason: string): Status['pending'][number] => ({
  key: `person:${subject}`,
  app: 'acme',
  subject,
  state: 'held',
  reason,
  attempts: 0,
  since: '2026-03-01T11:00:00Z',
});
const names = (count: number) => Array.from({ length: count }, (_, index) => `person${index}`);

describe('a plan', () => {
  it('says that there is nothing to do', () => {
    expect(renderPlan(report({}), paint, undefined, 100)).toBe('No changes: Coder is as declared.\n');
  });

  it('tells what is the same for many people once, and everybody on request', () => {
    const changes = [
      ...names(12).map(name => change(name)),
      change('alice', { action: 'site-roles.set', removal: true }),
    ];
    const text = renderPlan(report({ changes }), paint, undefined, 100);
    expect(text).toMatch(/\+ {2}person0 and 11 more +group\.add +coder\/developers/);
    expect(text).not.toContain('person1 ');
    expect(text).toMatch(/- {2}alice +site-roles\.set/);
    expect(text).toContain('13 changes in Coder: 12 to give or create, 1 to take away.');
    expect(renderPlan(report({ changes }), paint, undefined, Infinity)).toMatch(/person11 +group\.add/);
  });

  it('shows the adoption report, the guard and problems', () => {
    const text = renderPlan(
      report({
        adoption: {
          matched: [{ userName: 'a@x', coderUsername: 'a', how: 'e-mail' }],
          created: names(120),
          held: [{ userName: 'h', reason: 'no e-mail' }],
          strangers: [{ coderUsername: 'local', email: 'l@x', status: 'active' }],
        },
        problems: ['group sync is on'],
        holds: [{ id: 'h1', app: 'acme', reason: 'too many', people: 3, createdAt: '', changes: [] }],
      }),
      paint,
      undefined,
      100,
    );
    for (const wanted of [
      'group sync is on',
      'coder-scim release h1',
      'a@x',
      'no e-mail',
      'local',
      '… and 20 more (--all shows them)',
    ]) {
      expect(text).toContain(wanted);
    }
  });
});

describe('a status', () => {
  it('tells a reason that many share once', () => {
    const text = renderStatus(
      statusOf({ pending: [...names(40).map(name => pending(name, 'guard: too many')), pending('zoe', 'no e-mail')] }),
      paint,
      undefined,
      NOW,
    );
    expect(text).toMatch(/held +person0 and 39 more +acme +1 hour ago +guard: too many/);
    expect(text).toMatch(/held +zoe +acme +1 hour ago +no e-mail/);
  });

  it('tells what is left of an app that was deleted', () => {
    const leavers = [{ state: 'waiting' as const, people: 300, since: '2026-03-01T11:00:00Z' }];
    const ending = [{ app: 'acme', waiting: 301, held: 0, parked: 0, refused: 0, leavers }];
    const text = renderStatus(statusOf({ ending, pending: [pending('zoe', 'why')] }), paint, undefined, NOW);
    expect(text).toMatch(
      /acme {2}… removed, not gone yet\n *leavers +not known to be locked out: 300 waiting, the first 1 hour ago/,
    );
    expect(text).toContain('these are the first of 301 items');
    expect(text).not.toContain('No app is declared yet');
  });

  it('shows what the guard stopped and how to release it', () => {
    const holds = [
      { id: 'h1', app: 'acme', reason: 'too many', people: 8, createdAt: '2026-03-01T11:59:00Z', changes: names(8) },
    ];
    const text = renderStatus(statusOf({ holds }), paint, undefined, NOW);
    expect(text).toContain('h1  acme: too many, 8 people, 1 minute ago');
    expect(text).toContain('… and 3 more');
    expect(text).toContain('coder-scim release h1');
  });

  it.each([
    [
      { used: 41, limit: 50, taken: 3, later: 12, freed: 2 },
      /Seats of Coder's licence: 41 of 50 taken; 3 taken at once by .*, 12 when .*, 2 freed\. That is more than/,
    ],
    [{ used: 41, limit: 50, taken: 0, later: 1, freed: 0 }, /41 of 50 taken; 1 when new people first sign in\.\n$/],
  ])('says what a plan costs in seats: %j', (seats, wanted) => {
    expect(renderPlan(report({ seats }), paint, undefined, 10)).toMatch(wanted);
  });

  it.each([
    null,
    { used: 1, limit: null, taken: 1, later: 1, freed: 1 },
    { used: 1, limit: 9, taken: 0, later: 0, freed: 0 },
  ])('says nothing of seats where there is nothing to say: %j', seats => {
    expect(renderPlan(report({ seats }), paint, undefined, 10)).not.toContain('Seats');
  });

  it('says that Coder is not there', () => {
    const coder = { ...statusOf().coder, reachable: false, problem: 'does not answer' };
    expect(renderStatus(statusOf({ coder }), paint, undefined, NOW)).toMatch(
      /https:\/\/coder is not reachable[^]*problem +does not answer/,
    );
  });

  it.each([
    ['all is well', {}, true],
    ['Coder is away', { coder: { ...statusOf().coder, reachable: false } }, false],
    ['the audit trail is not kept', { auditProblem: 'lines wait to be sealed' }, false],
    ['somebody is held', { pending: [pending('a', 'b')] }, false],
    [
      'the guard stopped something',
      { holds: [{ id: '1', app: 'a', reason: '', people: 1, createdAt: '', changes: [] }] },
      false,
    ],
  ])('for a monitor: %s', (_name, more, wanted) => {
    expect(isWell(statusOf(more))).toBe(wanted);
  });
});

describe('the difference of two documents', () => {
  const document = (more: object) => parseMappingState({ version: 1, app: 'acme', ...more });

  it('is entry by entry', () => {
    const before = document({
      roleMappings: { a: { idpGroup: 'x', role: 'auditor' }, b: { idpGroup: 'y', role: 'owner' } },
    });
    const after = document({
      roleMappings: { a: { idpGroup: 'x', role: 'owner' }, c: { idpGroup: 'z', role: 'owner' } },
      mode: 'claims',
    });
    expect(documentChanges(before, after)).toEqual([
      { kind: 'changed', path: 'mode', before: '"push"', after: '"claims"' },
      { kind: 'changed', path: 'roleMappings["a"].role', before: '"auditor"', after: '"owner"' },
      { kind: 'removed', path: 'roleMappings["b"]', before: 'y → owner', after: undefined },
      { kind: 'added', path: 'roleMappings["c"]', before: undefined, after: 'z → owner' },
    ]);
    expect(documentChanges(after, after)).toEqual([]);
  });
});

describe('phrases', () => {
  it.each([
    ['2026-03-13T12:00:00Z', 'in 12 days'],
    ['2026-03-01T11:57:00Z', '3 minutes ago'],
    ['2026-03-01T12:00:00Z', 'now'],
    [null, 'never'],
  ])('%s is %s', (instant, words) => {
    expect(relativeTime(instant, NOW)).toBe(words);
  });

  it('count and measure', () => {
    expect([plural(1, 'person', 'people'), plural(1_234, 'user'), elapsed(12.4), elapsed(1_250)]).toEqual([
      '1 person',
      '1,234 users',
      '12 ms',
      '1.3 s',
    ]);
  });

  it('gather only what is alike more than five times', () => {
    const gathered = gatherAlike(
      ['a1', 'b1', 'a2', 'a3', 'a4', 'a5', 'a6', 'b2'],
      text => text.slice(0, 1),
      text => text,
    );
    expect(gathered.map(({ who }) => who)).toEqual(['a1 and 5 more', 'b1', 'b2']);
  });
});
