/** leaver-out: whoever is out can sign in to no account that the bridge made, linked, or that bears an address of theirs. */
import { type Scenario } from '../histories/scenario';
import { type Step } from '../histories/step';
import { ANOTHER_OWNER, BASE, DOCUMENT, FIRST } from './common';

const promise = 'leaver-out';

/** The bridge can't reach Coder while Ben's address changes, and his sign-in makes him another account. */
const SIGNS_IN_UNSEEN: readonly Step[] = [
  { do: 'away' },
  { do: 'change', who: 'ben', email: 'ben.new@corp.example' },
  { do: 'sign-in', who: 'ben' },
];

export const LEAVER_OUT: readonly Scenario[] = [
  { name: 'leaves', promise, core: true, given: FIRST, when: [{ do: 'leave', who: 'ada' }] },
  { name: 'leaves-by-put', promise, given: FIRST, when: [{ do: 'leave', who: 'ada', by: 'PUT' }] },
  { name: 'removed', promise, core: true, given: FIRST, when: [{ do: 'remove', who: 'ada' }] },
  {
    name: 'leaves-in-a-bulk',
    promise,
    given: FIRST,
    when: [
      {
        do: 'bulk',
        steps: [
          { do: 'leave', who: 'ada' },
          { do: 'quit', group: 'engineering', who: ['ben'] },
        ],
      },
    ],
  },
  {
    name: 'hired-and-left',
    promise,
    core: true,
    given: [BASE],
    when: [
      { do: 'hire', who: 'cleo' },
      { do: 'leave', who: 'cleo' },
    ],
  },
  {
    name: 'hired-and-removed',
    promise,
    core: true,
    given: [...FIRST],
    when: [
      { do: 'hire', who: 'cleo' },
      { do: 'join', group: 'admins', who: ['cleo'] },
      { do: 'remove', who: 'cleo' },
    ],
  },
  {
    name: 'hired-left-and-removed',
    promise,
    given: [BASE],
    when: [
      { do: 'hire', who: 'cleo' },
      { do: 'leave', who: 'cleo' },
      { do: 'remove', who: 'cleo' },
    ],
  },
  {
    name: 'hired-readdressed-and-removed',
    promise,
    given: [BASE],
    when: [
      { do: 'hire', who: 'cleo' },
      { do: 'change', who: 'cleo', email: 'cleo.new@corp.example' },
      { do: 'remove', who: 'cleo' },
    ],
  },
  {
    name: 'readdressed-and-left',
    promise,
    given: FIRST,
    when: [
      { do: 'change', who: 'ada', email: 'ada.new@corp.example', userName: 'ada.new@corp.example' },
      { do: 'leave', who: 'ada' },
    ],
  },
  {
    name: 'signed-in-readdressed-and-left',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }],
    when: [
      { do: 'change', who: 'ada', email: 'ada.new@corp.example' },
      { do: 'leave', who: 'ada' },
    ],
  },
  {
    name: 'readdressed-signed-in-and-left',
    promise,
    given: FIRST,
    when: [
      { do: 'change', who: 'ada', email: 'ada.new@corp.example' },
      { do: 'sign-in', who: 'ada' },
      { do: 'leave', who: 'ada' },
    ],
  },
  {
    // Never linked before the address changed: the account is known by the former one alone.
    name: 'found-readdressed-and-left',
    promise,
    given: [
      BASE,
      { do: 'hand', hand: { verb: 'add-account', username: 'cleo', email: 'cleo@corp.example', login: 'oidc' } },
    ],
    when: [
      { do: 'hire', who: 'cleo' },
      { do: 'change', who: 'cleo', email: 'cleo.new@corp.example' },
      { do: 'leave', who: 'cleo' },
    ],
    mayHold: ['cleo'],
  },
  {
    name: 'removed-while-coder-is-away',
    promise,
    given: FIRST,
    when: [{ do: 'away' }, { do: 'remove', who: 'ada' }, { do: 'wait', seconds: 40 }, { do: 'back' }],
  },
  {
    name: 'hired-and-removed-while-coder-is-away',
    promise,
    given: FIRST,
    when: [
      { do: 'hire', who: 'cleo' },
      { do: 'away' },
      { do: 'remove', who: 'cleo' },
      { do: 'wait', seconds: 40 },
      { do: 'back' },
    ],
  },
  {
    name: 'leaves-and-returns',
    promise,
    core: true,
    given: FIRST,
    when: [
      { do: 'leave', who: 'ada' },
      { do: 'return', who: 'ada' },
    ],
  },
  {
    name: 'leaves-while-a-group-is-written',
    promise,
    given: [...FIRST, { do: 'hire', who: 'cleo' }],
    when: [
      {
        do: 'together',
        steps: [
          { do: 'join', group: 'engineering', who: ['cleo'] },
          { do: 'leave', who: 'ada' },
          { do: 'join', group: 'admins', who: ['ben'] },
        ],
      },
    ],
  },
  {
    name: 'leaves-with-three-replicas',
    promise,
    replicas: 3,
    given: FIRST,
    when: [
      {
        do: 'together',
        steps: [
          { do: 'leave', who: 'ada' },
          { do: 'quit', group: 'admins', who: ['ada'] },
          { do: 'change', who: 'ben', userName: 'benjamin@corp.example' },
        ],
      },
    ],
  },
  {
    name: 'app-deleted-over-a-second-account',
    promise,
    given: [BASE, { do: 'hire', who: 'ben' }],
    when: [...SIGNS_IN_UNSEEN, { do: 'undeclare' }, { do: 'back' }],
  },
  {
    name: 'in-no-group-over-a-second-account',
    promise,
    given: [
      { do: 'declare', document: { ...DOCUMENT, policies: { accounts: 'mapped' } } },
      { do: 'hire', who: 'ben' },
      { do: 'group', group: 'engineering', members: ['ben'] },
    ],
    when: [...SIGNS_IN_UNSEEN, { do: 'quit', group: 'engineering', who: ['ben'] }, { do: 'back' }],
    then: scene =>
      scene.accounts
        .filter(({ email, status }) => /^ben(\.new)?@/.test(email) && status !== 'suspended')
        .map(({ email }) => `${email} is open, and no group lets Ben in any more`),
  },
  {
    name: 'owner-leaves',
    promise,
    given: [ANOTHER_OWNER, ...FIRST, { do: 'group', group: 'owners', members: ['ben'] }],
    when: [{ do: 'leave', who: 'ben' }],
  },
  {
    name: 'password-account-leaves',
    promise: 'truth',
    given: [
      BASE,
      { do: 'hand', hand: { verb: 'add-account', username: 'dora', login: 'password' } },
      { do: 'hire', who: 'dora' },
    ],
    when: [{ do: 'leave', who: 'dora' }],
    mayHold: ['dora'],
    then: scene => [scene.account('dora')?.status !== 'active' && 'an account that may not be adopted was locked'],
  },
];
