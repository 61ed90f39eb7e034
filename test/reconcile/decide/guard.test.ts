/** Laws of the guard. */
import fc from 'fast-check';
import { digestOf, guardPerson, guardPlan, keepsOwners, removalLimit } from '../../../bridge/reconcile/decide/guard';
import { type Removal } from '../../../bridge/reconcile/decide/plan';

const ROLE: Removal = { kind: 'site-role', organization: '', target: 'auditor' };
const GROUP: Removal = { kind: 'group', organization: 'o', target: 'g' };
const ACCOUNT: Removal = { kind: 'account', deletes: false };
const guard = { maxRemovalsPercent: 20, minRemovals: 10 };
const calm = { guard, people: 100, others: 0, leaves: false, before: undefined, vanished: () => false };

it.each([
  [0, 10],
  [10, 10],
  [50, 10],
  [55, 11],
  [100, 20],
  [50_000, 10_000],
])('of %i people %i may lose something', (people, limit) => {
  expect(removalLimit(guard, people, false)).toBe(limit);
});

it('a single leaver never waits, whatever is declared', () => {
  const none = { ...guard, minRemovals: 0 };
  expect(removalLimit(none, 3, false)).toBe(0);
  expect(removalLimit(none, 3, true)).toBe(1);
});

it.each([
  ['below the limit', { others: 19 }, undefined],
  ['one over the limit', { others: 20 }, 'too-many-removals'],
  ['one leaver over the limit', { others: 20, leaves: true }, 'too-many-leavers'],
  ['a leaver whose group is gone as well', { leaves: true, vanished: () => true }, undefined],
  ['a vanished group', { vanished: (removal: Removal) => removal === GROUP }, 'idp-group-vanished'],
] as const)('one person: %s', (_name, context, reason) => {
  expect(guardPerson([ROLE, GROUP], { ...calm, ...context }).reason).toBe(reason);
});

it('holds of a vanished group only what it gave, and nothing of who leaves', () => {
  const vanished = (removal: Removal): boolean => removal === GROUP;
  expect(guardPerson([ROLE, GROUP], { ...calm, vanished }).held).toEqual([GROUP]);
  expect(guardPerson([ACCOUNT, ROLE, GROUP], { ...calm, vanished, leaves: true }).held).toEqual([]);
});

it('locks out nobody whom a vanished group let in, and takes nothing of theirs', () => {
  const vanished = (removal: Removal): boolean => removal === GROUP;
  expect(guardPerson([ACCOUNT, ROLE, GROUP], { ...calm, vanished })).toEqual({
    held: [ACCOUNT, ROLE, GROUP],
    reason: 'idp-group-vanished',
  });
  expect(guardPerson([ACCOUNT, ROLE], { ...calm, vanished }).held).toEqual([]);
});

it('lets nothing pass uncounted beside what was released of a vanished group', () => {
  const lab: Removal = { kind: 'organization', organization: 'lab', target: '' };
  const admin: Removal = { kind: 'site-role', organization: '', target: 'template-admin' };
  const before = { digest: digestOf([lab]), reasons: ['idp-group-vanished'], released: true };
  const context = { ...calm, before, vanished: (removal: Removal) => removal === lab };
  expect(guardPerson([lab, admin], { ...context, others: 99 })).toEqual({ held: [admin], reason: 'too-many-removals' });
  expect(guardPerson([lab, admin], context)).toEqual({ held: [], reason: undefined, released: false });
  expect(guardPerson([lab], { ...context, others: 99 })).toEqual({ held: [], reason: undefined, released: true });
});

it('stays held after the hour, and passes by exactly its own release', () => {
  const held = { digest: digestOf([ACCOUNT, ROLE]), reasons: ['too-many-removals'], released: false };
  expect(guardPerson([ACCOUNT, ROLE], { ...calm, before: held }).reason).toBe('too-many-removals');
  // Also when the policy of now would delete the account; that is not what a release was of.
  const deleted: Removal = { kind: 'account', deletes: true };
  expect(guardPerson([deleted, ROLE], { ...calm, before: held }).reason).toBe('too-many-removals');
  const released = { ...held, released: true };
  expect(guardPerson([deleted, ROLE], { ...calm, others: 500, before: released }).reason).toBe('too-many-removals');
  expect(guardPerson([ROLE, ACCOUNT], { ...calm, others: 500, before: released }).held).toEqual([]);
  expect(guardPerson([ROLE, ACCOUNT, GROUP], { ...calm, others: 500, before: released }).reason).toBe(
    'too-many-removals',
  );
});

it('lets pass what is left of what was released, and nothing beside it', () => {
  const before = {
    digest: digestOf([ACCOUNT, ROLE]),
    reasons: ['too-many-leavers'],
    released: true,
    shows: (one: Removal) => one === ACCOUNT || one === ROLE,
  };
  const many = { ...calm, leaves: true, others: 500, before };
  for (const left of [[ACCOUNT], [ROLE]]) expect(guardPerson(left, many)).toMatchObject({ held: [], released: true });
  const deleted: Removal = { kind: 'account', deletes: true };
  for (const other of [[deleted], [ACCOUNT, GROUP]]) expect(guardPerson(other, many).reason).toBe('too-many-leavers');
  expect(guardPerson([ACCOUNT], { ...many, before: { ...before, released: false } }).reason).toBe('too-many-leavers');
  // Who is back, and loses something else than by leaving, was not shown so.
  expect(guardPerson([ROLE], { ...many, leaves: false }).reason).toBe('too-many-removals');
});

it('keeps no leaver in because something else of theirs is held', () => {
  const held = { digest: digestOf([ACCOUNT, ROLE]), reasons: ['plan-too-large'], released: false };
  expect(guardPerson([ACCOUNT, ROLE], { ...calm, leaves: true, before: held }).held).toEqual([]);
  expect(guardPerson([ACCOUNT, ROLE], { ...calm, leaves: false, before: held }).reason).toBe('plan-too-large');
});

it('lets a plan pass or holds it as a whole, never a part of it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ removals: fc.subarray([ROLE, GROUP]), released: fc.boolean() }), { maxLength: 60 }),
      fc.nat(200),
      fc.nat(30),
      (some, people, recent) => {
        const losers = some.map((loser, n) => ({ ...loser, subject: `person:${n}` }));
        const counted = losers.filter(loser => loser.removals.length > 0 && !loser.released).length;
        const verdict = guardPlan(losers, { guard, people, recent });
        expect(verdict).toBe(counted > 0 && counted + recent > Math.max(10, Math.floor(people / 5)) ? 'hold' : 'pass');
      },
    ),
  );
});

it('never lets nothing be stopped, nor stops what takes nothing', () => {
  expect(guardPerson([], { ...calm, others: 1_000 }).held).toEqual([]);
  expect(guardPlan([], { guard, people: 0, recent: 1_000 })).toBe('pass');
});

it.each([
  [2, 1, true],
  [1, 1, false],
  [3, 3, false],
])('of %i active owners one goes, %i are to stay: %s', (active, min, keeps) => {
  expect(keepsOwners(active, min)).toBe(keeps);
});
