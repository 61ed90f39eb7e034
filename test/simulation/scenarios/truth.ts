/** truth, answer-means-done, only-declared and settles: what is said is so, what is answered is done, what was given by hand stays. */
import { type Scenario } from '../histories/scenario';
import { type Step } from '../histories/step';
import { ANOTHER_OWNER, DOCUMENT, FIRST, TEAMS } from './common';

export const TRUTH: readonly Scenario[] = [
  {
    name: 'a-day-of-an-identity-provider',
    promise: 'answer-means-done',
    core: true,
    given: [{ do: 'declare', document: TEAMS }, ...FIRST.slice(1)],
    when: [
      { do: 'hire', who: 'cleo' },
      { do: 'join', group: 'engineering', who: ['cleo'] },
      { do: 'group', group: 'team-blue', members: ['ada', 'cleo'] },
      { do: 'quit', group: 'admins', who: ['ada'] },
      { do: 'members', group: 'team-blue', who: ['ben'], by: 'PUT' },
      { do: 'rename', group: 'team-blue', to: 'team-green' },
      { do: 'leave', who: 'ben' },
      { do: 'return', who: 'ben', by: 'PUT' },
      { do: 'disband', group: 'team-blue' },
    ],
  },
  {
    name: 'requests-about-one-person-at-once',
    promise: 'answer-means-done',
    given: FIRST,
    when: [
      {
        do: 'together',
        steps: [
          { do: 'join', group: 'admins', who: ['ben'] },
          { do: 'change', who: 'ben', userName: 'benjamin@corp.example' },
          { do: 'quit', group: 'engineering', who: ['ben'] },
        ],
      },
    ],
  },
  {
    // What is on its way by the mapping that goes must not stay, and what was taken by the one before must not be missing.
    name: 'declarations-while-roles-are-written',
    promise: 'truth',
    given: FIRST,
    when: [
      {
        do: 'together',
        apart: 10,
        steps: [
          { do: 'members', group: 'admins', who: ['ada', 'ben'], by: 'PATCH' },
          { do: 'declare', document: { ...DOCUMENT, roleMappings: {} } },
        ],
      },
    ],
  },
  {
    name: 'declared-again-while-it-ends',
    promise: 'truth',
    calm: true,
    given: FIRST,
    when: [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20].map(apart => ({
      do: 'together',
      apart,
      steps: [{ do: 'undeclare' }, { do: 'declare', document: DOCUMENT }],
    })),
  },
  {
    // Each comes while Coder is at work on the one before.
    name: 'requests-about-one-person-in-a-row',
    promise: 'answer-means-done',
    core: true,
    given: FIRST,
    when: [2, 4, 7].flatMap((apart, index): Step[] => [
      {
        do: 'together',
        apart,
        steps: [
          { do: 'join', group: 'admins', who: ['ben'] },
          { do: 'change', who: 'ben', userName: `benjamin.${index}@corp.example` },
          { do: 'quit', group: 'engineering', who: ['ben'] },
          { do: 'leave', who: 'ada' },
        ],
      },
      {
        do: 'together',
        apart,
        steps: [
          { do: 'quit', group: 'admins', who: ['ben'] },
          { do: 'join', group: 'engineering', who: ['ben'] },
          { do: 'return', who: 'ada' },
        ],
      },
    ]),
  },
  {
    name: 'requests-about-one-person-on-two-replicas',
    promise: 'answer-means-done',
    replicas: 2,
    given: FIRST,
    when: [2, 4, 7].flatMap((apart): Step[] => [
      {
        do: 'together',
        apart,
        steps: [
          { do: 'join', group: 'admins', who: ['ben'] },
          { do: 'leave', who: 'ben', by: 'PATCH' },
        ],
      },
      {
        do: 'together',
        apart,
        steps: [
          { do: 'quit', group: 'admins', who: ['ben'] },
          { do: 'return', who: 'ben', by: 'PATCH' },
          { do: 'quit', group: 'engineering', who: ['ben'] },
        ],
      },
      { do: 'join', group: 'engineering', who: ['ben'] },
    ]),
  },
  {
    name: 'one-group-written-from-everywhere',
    promise: 'answer-means-done',
    replicas: 2,
    given: [...FIRST, { do: 'hire', who: 'cleo' }, { do: 'hire', who: 'dan' }],
    when: [
      {
        do: 'together',
        apart: 3,
        steps: [
          { do: 'join', group: 'engineering', who: ['cleo'] },
          { do: 'join', group: 'engineering', who: ['dan'] },
          { do: 'quit', group: 'engineering', who: ['ada'] },
          { do: 'leave', who: 'ben' },
        ],
      },
    ],
  },
  {
    // Each request meets the other replicas somewhere between two looks at the queue.
    name: 'one-request-after-another-on-three-replicas',
    promise: 'answer-means-done',
    core: true,
    calm: true,
    shuffled: true,
    replicas: 3,
    given: [{ do: 'declare', document: TEAMS }, ...FIRST.slice(1)],
    when: Array.from({ length: 60 }, (_, index): Step[] => [
      { do: 'group', group: `team-${index}`, members: ['ada', 'ben'] },
      { do: 'wait', seconds: 0.3 },
    ]).flat(),
  },
  {
    name: 'changed-by-hand',
    promise: 'settles',
    given: FIRST,
    when: [
      { do: 'hand', hand: { verb: 'remove-from-group', username: 'ada', group: 'engineering' } },
      { do: 'hand', hand: { verb: 'site-roles', username: 'ben', roles: ['template-admin'] } },
      { do: 'hand', hand: { verb: 'suspend', username: 'ben' } },
      { do: 'sweep' },
    ],
  },
  {
    // The replica that sweeps may be killed, and the next sweep is asked of the other one.
    name: 'swept-before-a-change-by-hand',
    promise: 'truth',
    replicas: 2,
    given: FIRST,
    when: [{ do: 'sweep' }, { do: 'hand', hand: { verb: 'suspend', username: 'ben' } }],
  },
  {
    // What was begun of her leaving may arrive at Coder when she is back.
    name: 'calls-that-outlive-their-bridge',
    promise: 'truth',
    given: FIRST,
    when: [
      { do: 'together', apart: 8, steps: [{ do: 'leave', who: 'ada' }, { do: 'kill' }] },
      { do: 'return', who: 'ada' },
      { do: 'wait', seconds: 10 },
    ],
  },
  {
    name: 'calls-that-outlive-their-bridge-and-let-a-leaver-in',
    promise: 'leaver-out',
    given: [...FIRST, { do: 'leave', who: 'ada' }],
    when: [
      { do: 'together', apart: 8, steps: [{ do: 'return', who: 'ada' }, { do: 'kill' }] },
      { do: 'leave', who: 'ada' },
      { do: 'wait', seconds: 10 },
    ],
  },
  {
    // A missing right is answered like a missing account.
    name: 'rights-of-the-bridge-lost-for-a-moment',
    promise: 'leaver-out',
    given: FIRST,
    when: [
      { do: 'hand', hand: { verb: 'site-roles', username: 'testuser', roles: [] } },
      { do: 'remove', who: 'ada' },
      { do: 'wait', seconds: 5 },
      { do: 'hand', hand: { verb: 'site-roles', username: 'testuser', roles: ['owner'] } },
      { do: 'sweep' },
    ],
  },
  {
    name: 'account-deleted-by-hand',
    promise: 'settles',
    given: FIRST,
    when: [{ do: 'hand', hand: { verb: 'delete-account', username: 'ada' } }, { do: 'sweep' }],
  },
  {
    name: 'leaver-activated-by-hand',
    promise: 'leaver-out',
    given: [...FIRST, { do: 'leave', who: 'ada' }],
    when: [{ do: 'hand', hand: { verb: 'activate', username: 'ada' } }],
  },
  {
    name: 'given-by-hand-survives-an-absence',
    promise: 'only-declared',
    core: true,
    given: [
      ...FIRST,
      { do: 'hand', hand: { verb: 'add-organization', name: 'research' } },
      { do: 'hand', hand: { verb: 'add-member', username: 'ada', organization: 'research' } },
      { do: 'hand', hand: { verb: 'add-group', group: 'chess' } },
      { do: 'hand', hand: { verb: 'add-to-group', username: 'ada', group: 'chess' } },
      { do: 'hand', hand: { verb: 'site-roles', username: 'ada', roles: ['template-admin', 'auditor'] } },
    ],
    when: [
      { do: 'leave', who: 'ada' },
      { do: 'return', who: 'ada' },
    ],
  },
  {
    name: 'organization-declared-at-one-of-three-replicas',
    promise: 'truth',
    replicas: 3,
    given: FIRST,
    when: [
      { do: 'hand', hand: { verb: 'add-organization', name: 'research' } },
      {
        do: 'declare',
        document: {
          ...DOCUMENT,
          roleMappings: {
            ...DOCUMENT.roleMappings,
            researchers: { idpGroup: 'engineering', organization: 'research', role: 'organization-auditor' },
          },
        },
      },
      { do: 'change', who: 'ada', userName: 'ada.two@corp.example' },
      { do: 'change', who: 'ben', userName: 'ben.two@corp.example' },
      { do: 'hire', who: 'cleo' },
      { do: 'join', group: 'engineering', who: ['cleo'] },
      { do: 'change', who: 'ada', userName: 'ada.three@corp.example' },
    ],
  },
  {
    name: 'given-by-hand-in-a-managed-organization',
    promise: 'only-declared',
    given: [
      { do: 'hand', hand: { verb: 'add-organization', name: 'research' } },
      {
        do: 'declare',
        document: {
          ...DOCUMENT,
          groupMappings: { gpu: { idpGroup: 'gpu', organization: 'research', group: 'gpu' } },
        },
      },
      { do: 'hire', who: 'ada' },
      { do: 'group', group: 'gpu', members: ['ada'] },
      { do: 'hand', hand: { verb: 'add-group', group: 'chess', organization: 'research' } },
      { do: 'hand', hand: { verb: 'add-to-group', username: 'ada', group: 'chess', organization: 'research' } },
    ],
    when: [
      { do: 'leave', who: 'ada' },
      { do: 'return', who: 'ada' },
    ],
  },
  {
    name: 'owner-by-hand-leaves-and-returns',
    promise: 'only-declared',
    given: [ANOTHER_OWNER, ...FIRST, { do: 'hand', hand: { verb: 'site-roles', username: 'ben', roles: ['owner'] } }],
    when: [
      { do: 'leave', who: 'ben' },
      { do: 'return', who: 'ben' },
    ],
    mayHold: ['ben'],
  },
  {
    name: 'two-apps-with-one-coder-group',
    promise: 'only-declared',
    given: [
      ...FIRST,
      {
        do: 'declare',
        app: 'partner',
        document: { groupMappings: { shared: { idpGroup: 'partners', group: 'engineering' } } },
      },
      { do: 'hire', who: 'pia', app: 'partner', email: 'pia@partner.example' },
      { do: 'group', group: 'partners', app: 'partner', members: ['pia'] },
    ],
    when: [
      { do: 'quit', group: 'engineering', who: ['ada'] },
      { do: 'leave', who: 'pia' },
    ],
  },
  {
    name: 'backup-restored',
    promise: 'leaver-out',
    given: [...FIRST, { do: 'backup' }, { do: 'leave', who: 'ada' }, { do: 'hire', who: 'cleo' }],
    when: [{ do: 'restore' }, { do: 'wait', seconds: 30 }],
    mayHold: 'everybody',
    then: scene => [
      scene.withEmail('ada@corp.example')?.status !== 'suspended' &&
        'a restored database lets in somebody who had left',
      scene.withEmail('cleo@corp.example')?.status === 'suspended' &&
        'a restored database locks out somebody who was hired since',
    ],
  },
];
