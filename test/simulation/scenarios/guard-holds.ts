/** guard-holds: no more is taken, and no more privilege given, than the guard allows without a release, by whatever route. */
import { type Scenario } from '../histories/scenario';
import { type Step } from '../histories/step';
import { type Scene } from '../checks/scene';
import { DOCUMENT, GUARDED, LIMIT, crowd, crowded, TEAMS } from './common';

const promise = 'guard-holds';
const SIZE = 10;
const EVERYBODY = crowd(SIZE);

/** Everybody is in two apps, and one of them has a narrow guard. */
const SHARED: readonly Step[] = [
  ...crowded({ ...GUARDED, people: { sharedWith: ['next'] } }, SIZE),
  {
    do: 'declare',
    app: 'next',
    document: { people: { sharedWith: ['corp'] }, guard: { maxRemovalsPercent: 100, minRemovals: 1_000 } },
  },
  {
    do: 'together',
    steps: EVERYBODY.map(who => ({ do: 'hire', who: `${who}-next`, app: 'next', email: `${who}@corp.example` })),
  },
];

const renamedInNext = (who: string): Step => ({
  do: 'change',
  who: `${who}-next`,
  userName: `${who}.next@login.example`,
});

/** What one app's guard would hold, while the other one deals with the same people. */
const EMPTIED_AND_RENAMED: Step = {
  do: 'together',
  steps: [{ do: 'members', group: 'engineering', who: [], by: 'PUT' }, ...EVERYBODY.map(renamedInNext)],
};

/** A plan over the limit takes nothing. */
function nothingTaken(scene: Scene): (string | false)[] {
  const losers = new Set(scene.watch.ledger.filter(entry => entry.kind === 'loss').map(entry => entry.person));
  return [losers.size > 0 && `a plan over the limit took something from ${[...losers].join(', ')}`];
}

function nobodyHeld(scene: Scene): (string | false)[] {
  const held = [...scene.directory.people.values()].filter(person => scene.heldReason(person) !== undefined);
  return [held.length > 0 && `${held.map(({ key }) => key).join(', ')} held, and nobody is missed any more`];
}

/** Nor do accounts that are made anew take anything along. */
function allInEngineering(scene: Scene): (string | false)[] {
  const members = scene.accounts.filter(({ groups }) => groups.includes('coder/engineering')).length;
  return [members < SIZE && `${members} of ${SIZE} are still in a group whose emptying is held`];
}

/** What is not held is done: as many as the guard allows, no fewer. */
function asManyAsAllowed(scene: Scene): (string | false)[] {
  const out = EVERYBODY.filter(who => scene.landing(who)?.status === 'suspended').length;
  return [out < LIMIT && `${out} people who left are out, and the guard allows ${LIMIT}`];
}

function nobodyBecomesOwner(scene: Scene): (string | false)[] {
  const owners = EVERYBODY.filter(who => scene.landing(who)?.siteRoles.includes('owner'));
  return [owners.length > 0 && `${owners.length} people became owner by one request, and nobody was asked`];
}

export const GUARD_HOLDS: readonly Scenario[] = [
  {
    name: 'guard-against-one-leaver-after-another',
    promise,
    given: crowded(GUARDED, SIZE),
    when: EVERYBODY.map(who => ({ do: 'leave', who })),
    mayHold: 'everybody',
    then: asManyAsAllowed,
  },
  {
    name: 'guard-against-leavers-at-once',
    promise,
    core: true,
    given: crowded(GUARDED, SIZE),
    when: [{ do: 'together', steps: EVERYBODY.map(who => ({ do: 'leave', who })) }],
    mayHold: 'everybody',
    then: asManyAsAllowed,
  },
  {
    name: 'guard-against-deletions-at-once',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [{ do: 'together', steps: EVERYBODY.map(who => ({ do: 'remove', who })) }],
    mayHold: 'everybody',
  },
  {
    name: 'guard-across-three-replicas',
    promise,
    replicas: 3,
    given: crowded(GUARDED, SIZE),
    when: [{ do: 'together', steps: EVERYBODY.map(who => ({ do: 'leave', who })) }],
    mayHold: 'everybody',
    then: asManyAsAllowed,
  },
  {
    name: 'guard-across-a-kill',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [
      { do: 'together', steps: EVERYBODY.slice(0, 5).map(who => ({ do: 'leave', who })) },
      { do: 'kill' },
      { do: 'together', steps: EVERYBODY.slice(5).map(who => ({ do: 'leave', who })) },
    ],
    mayHold: 'everybody',
  },
  {
    name: 'guard-against-emptying-by-put',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [{ do: 'members', group: 'engineering', who: [], by: 'PUT' }],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-against-emptying-beside-other-requests',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [
      { do: 'away' },
      { do: 'change', who: 'p9', userName: 'p9.new@corp.example' },
      { do: 'members', group: 'engineering', who: [], by: 'PUT' },
      ...EVERYBODY.slice(0, 3).map(who => ({ do: 'change' as const, who, userName: `${who}.new@corp.example` })),
      { do: 'wait', seconds: 10 },
      { do: 'back' },
    ],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-against-emptying-and-changed-addresses',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [
      { do: 'members', group: 'engineering', who: [], by: 'PUT' },
      {
        do: 'together',
        steps: EVERYBODY.map(who => ({ do: 'change' as const, who, email: `${who}.new@corp.example` })),
      },
    ],
    mayHold: 'everybody',
    then: allInEngineering,
  },
  {
    name: 'guard-against-emptying-by-patch',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [{ do: 'members', group: 'engineering', who: ['p1'] }],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    // Who is held with others loses one thing more, which is asked for alone, and is then looked at again.
    name: 'guard-against-a-plan-that-grows-one-by-one',
    promise,
    given: [...crowded(GUARDED, SIZE), { do: 'group', group: 'admins', members: EVERYBODY.slice(0, 3) }],
    when: [
      { do: 'disband', group: 'engineering' },
      ...EVERYBODY.slice(0, 3).flatMap((who): Step[] => [
        { do: 'quit', group: 'admins', who: [who] },
        { do: 'change', who, userName: `${who}.new@corp.example` },
      ]),
    ],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-against-a-deleted-group',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [{ do: 'disband', group: 'engineering' }],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-against-a-group-made-again-empty',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [
      { do: 'disband', group: 'engineering' },
      { do: 'group', group: 'engineering-again', name: 'engineering' },
    ],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-against-a-small-group-made-again-empty',
    promise,
    given: crowded(GUARDED, LIMIT + 1),
    when: [
      { do: 'disband', group: 'engineering' },
      { do: 'group', group: 'engineering-again', name: 'engineering' },
    ],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    // The guard would let so few pass: it is the group without a member that says nothing.
    name: 'guard-against-the-group-of-few-made-again-empty',
    promise,
    given: crowded(GUARDED, LIMIT - 1),
    when: [
      { do: 'disband', group: 'engineering' },
      { do: 'group', group: 'engineering-again', name: 'engineering' },
      { do: 'sweep' },
    ],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'group-of-few-made-again-empty-and-filled',
    promise,
    core: true,
    given: crowded(GUARDED, LIMIT - 1),
    when: [
      { do: 'disband', group: 'engineering' },
      { do: 'group', group: 'engineering-again', name: 'engineering' },
      { do: 'join', group: 'engineering-again', who: crowd(LIMIT - 1) },
    ],
    // Until then; whoever is in again is held no more.
    mayHold: 'everybody',
    then: scene => [...nothingTaken(scene), ...nobodyHeld(scene)],
  },
  {
    // As identity providers push what is assigned to them: groups first, people into them one group after the other.
    name: 'first-rollout-by-empty-groups',
    promise,
    given: [
      ...crowd(LIMIT - 1).map((who): Step => ({
        do: 'hand',
        hand: { verb: 'add-account', username: who, email: `${who}@corp.example`, roles: ['template-admin'] },
      })),
      { do: 'declare', document: GUARDED },
      { do: 'together', steps: crowd(LIMIT - 1).map(who => ({ do: 'hire', who })) },
    ],
    when: [
      { do: 'group', group: 'admins' },
      { do: 'group', group: 'engineering' },
      { do: 'join', group: 'engineering', who: crowd(LIMIT - 1) },
      { do: 'sweep' },
      { do: 'join', group: 'admins', who: crowd(LIMIT - 1) },
    ],
    then: nothingTaken,
  },
  {
    // As most of them put people into a group: one request after the other.
    name: 'first-rollout-one-by-one',
    promise,
    given: [
      ...crowd(LIMIT - 1).map((who): Step => ({
        do: 'hand',
        hand: { verb: 'add-account', username: who, email: `${who}@corp.example`, roles: ['template-admin'] },
      })),
      { do: 'declare', document: GUARDED },
      { do: 'together', steps: crowd(LIMIT - 1).map(who => ({ do: 'hire', who })) },
      { do: 'group', group: 'admins' },
    ],
    when: crowd(LIMIT - 1).flatMap((who): Step[] => [{ do: 'join', group: 'admins', who: [who] }, { do: 'sweep' }]),
    // Nobody: who is to come has it by hand, until it is known that they do not.
    mayHold: [],
    then: nothingTaken,
  },
  {
    // Whoever is not in the group once it has come to rest has nothing by it.
    name: 'first-rollout-of-one-among-three',
    promise: 'settles',
    given: [
      ...crowd(LIMIT - 1).map((who): Step => ({
        do: 'hand',
        hand: { verb: 'add-account', username: who, email: `${who}@corp.example`, roles: ['template-admin'] },
      })),
      { do: 'declare', document: GUARDED },
      { do: 'together', steps: crowd(LIMIT - 1).map(who => ({ do: 'hire', who })) },
      { do: 'group', group: 'admins' },
    ],
    when: [{ do: 'join', group: 'admins', who: crowd(1) }],
    mayHold: [],
  },
  {
    name: 'group-of-few-made-again-and-filled-one-by-one',
    promise,
    given: crowded(GUARDED, LIMIT - 1),
    when: [
      { do: 'disband', group: 'engineering' },
      { do: 'group', group: 'engineering-again', name: 'engineering' },
      ...crowd(LIMIT - 1).map((who): Step => ({ do: 'join', group: 'engineering-again', who: [who] })),
    ],
    mayHold: 'everybody',
    then: scene => [...nothingTaken(scene), ...nobodyHeld(scene)],
  },
  {
    name: 'guard-against-a-rename-out-of-the-prefix',
    promise,
    given: crowded({ ...TEAMS, guard: GUARDED.guard ?? {} }, SIZE, 'team-blue'),
    when: [{ do: 'rename', group: 'team-blue', to: 'blue' }],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-against-a-moved-external-id',
    promise,
    given: crowded(
      { ...GUARDED, groupMappings: { engineering: { idpGroupExternalId: 'grp-1', group: 'engineering' } } },
      SIZE,
      'engineering',
      'grp-1',
    ),
    when: [{ do: 'move-external-id', group: 'engineering', to: 'grp-2' }],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-counts-two-who-had-one-address',
    promise,
    given: [
      { do: 'declare', document: { ...DOCUMENT, guard: { maxRemovalsPercent: 0, minRemovals: 1 } } },
      { do: 'hire', who: 'ada' },
      { do: 'hire', who: 'ben' },
      { do: 'change', who: 'ben', email: 'ben.new@corp.example' },
      { do: 'change', who: 'ada', email: 'ben@corp.example' },
    ],
    when: [
      {
        do: 'together',
        steps: [
          { do: 'leave', who: 'ben' },
          { do: 'leave', who: 'ada' },
        ],
      },
    ],
    mayHold: 'everybody',
  },
  {
    name: 'guard-against-a-dropped-mapping',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [{ do: 'declare', document: { ...GUARDED, groupMappings: {} } }],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-against-a-deleted-app',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [{ do: 'undeclare' }],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    // Whoever comes to an account first: what one app was told and has not dealt with, its guard is asked about.
    name: 'guard-beside-another-app-with-the-same-people',
    promise,
    given: SHARED,
    when: [EMPTIED_AND_RENAMED],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-beside-another-app-on-two-replicas',
    promise,
    replicas: 2,
    calm: true,
    shuffled: true,
    given: SHARED,
    when: [EMPTIED_AND_RENAMED],
    mayHold: 'everybody',
    then: nothingTaken,
  },
  {
    name: 'guard-releases-what-was-held',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [
      { do: 'members', group: 'engineering', who: [], by: 'PUT' },
      { do: 'wait', seconds: 30 },
      { do: 'release' },
      { do: 'wait', seconds: 30 },
      { do: 'release' },
    ],
    mayHold: 'everybody',
    then: scene => {
      const left = EVERYBODY.filter(who => scene.landing(who)?.groups.includes('coder/engineering'));
      return [
        left.length > 0 && scene.world.weather.troubles === 0 && `released, and still in the group: ${left.join(', ')}`,
      ];
    },
  },
  {
    name: 'guard-against-many-new-owners',
    promise,
    given: crowded(DOCUMENT, SIZE),
    when: [{ do: 'group', group: 'owners', members: EVERYBODY }],
    mayHold: 'everybody',
    then: nobodyBecomesOwner,
  },
  {
    name: 'guard-against-losers-who-become-owners',
    promise,
    given: crowded(GUARDED, SIZE, 'admins'),
    when: [
      {
        do: 'declare',
        document: { ...GUARDED, roleMappings: { admins: { idpGroup: 'admins', role: 'owner' } } },
      },
      { do: 'sweep' },
    ],
    mayHold: 'everybody',
    then: nobodyBecomesOwner,
  },
  {
    name: 'guard-against-owners-who-lose-something-after',
    promise,
    given: crowded(GUARDED, SIZE),
    when: [
      { do: 'group', group: 'owners', members: EVERYBODY },
      { do: 'members', group: 'engineering', who: [], by: 'PUT' },
      { do: 'sweep' },
    ],
    mayHold: 'everybody',
    then: nobodyBecomesOwner,
  },
  {
    name: 'few-new-owners-pass',
    promise,
    given: crowded(DOCUMENT, 4),
    when: [{ do: 'group', group: 'owners', members: ['p1', 'p2', 'p3'] }],
  },
  {
    name: 'guard-against-many-who-return',
    promise,
    given: [
      ...crowded({ ...GUARDED, guard: { maxRemovalsPercent: 100, minRemovals: 100 } }, SIZE),
      { do: 'together', steps: EVERYBODY.map(who => ({ do: 'leave', who })) },
      { do: 'declare', document: GUARDED },
      { do: 'wait', seconds: 3_700 },
    ],
    when: [{ do: 'together', steps: EVERYBODY.map(who => ({ do: 'return', who })) }],
    mayHold: 'everybody',
    then: scene => {
      const back = EVERYBODY.filter(who => scene.landing(who)?.status !== 'suspended');
      return [
        back.length > LIMIT && `${back.length} people were let in again within a moment, and the guard allows ${LIMIT}`,
      ];
    },
  },
];
