/** never-touched: protected accounts, the bridge's own, service accounts, the last person who is owner: on every route. */
import { type Scenario } from '../histories/scenario';
import { type Step } from '../histories/step';
import { ANOTHER_OWNER, BASE, DOCUMENT } from './common';

const promise = 'never-touched';
const PROTECTED = { ...DOCUMENT, guard: { protectedAccounts: ['breakglass'] } };
const BREAKGLASS: Step = {
  do: 'hand',
  hand: { verb: 'add-account', username: 'breakglass', roles: ['owner'] },
};
/** The bridge runs as a service account, and Ada and Ben are the only people who are owner. */
const TWO_OWNERS: readonly Step[] = [
  BASE,
  { do: 'hire', who: 'ada' },
  { do: 'hire', who: 'ben' },
  { do: 'group', group: 'owners', members: ['ada', 'ben'] },
  { do: 'sign-in', who: 'ada' },
  { do: 'sign-in', who: 'ben' },
  { do: 'hand', hand: { verb: 'site-roles', username: 'testuser', roles: [] } },
];

export const NEVER_TOUCHED: readonly Scenario[] = [
  {
    name: 'app-that-protects-is-deleted',
    promise,
    core: true,
    given: [
      BREAKGLASS,
      ANOTHER_OWNER,
      BASE,
      { do: 'hire', who: 'breakglass' },
      { do: 'hire', who: 'ben' },
      { do: 'declare', document: PROTECTED },
    ],
    when: [{ do: 'undeclare' }],
    mayHold: ['breakglass'],
  },
  {
    name: 'protected-account-leaves',
    promise,
    given: [BREAKGLASS, ANOTHER_OWNER, { do: 'declare', document: PROTECTED }, { do: 'hire', who: 'breakglass' }],
    when: [
      { do: 'leave', who: 'breakglass' },
      { do: 'remove', who: 'breakglass' },
    ],
    mayHold: ['breakglass'],
  },
  {
    name: 'protected-by-another-app',
    promise,
    given: [
      BREAKGLASS,
      ANOTHER_OWNER,
      BASE,
      { do: 'hire', who: 'breakglass' },
      { do: 'hire', who: 'ben' },
      { do: 'declare', app: 'guards', document: PROTECTED },
    ],
    when: [{ do: 'leave', who: 'breakglass' }, { do: 'undeclare' }],
    mayHold: ['breakglass'],
  },
  {
    name: 'protection-is-dropped-with-its-person',
    promise,
    given: [BREAKGLASS, ANOTHER_OWNER, { do: 'declare', document: PROTECTED }, { do: 'hire', who: 'breakglass' }],
    when: [{ do: 'remove', who: 'breakglass' }, { do: 'undeclare' }],
    mayHold: ['breakglass'],
  },
  {
    name: 'last-owners-leave-their-group',
    promise,
    core: true,
    account: 'service',
    given: TWO_OWNERS,
    when: [{ do: 'members', group: 'owners', who: [], by: 'PUT' }],
    mayHold: ['ada', 'ben'],
  },
  {
    name: 'last-owners-beside-the-bridge-itself',
    promise,
    given: TWO_OWNERS.slice(0, -1),
    when: [{ do: 'members', group: 'owners', who: [], by: 'PUT' }],
    mayHold: ['ada', 'ben'],
  },
  {
    name: 'last-owners-beside-an-account-that-nobody-signs-in-to',
    promise,
    account: 'service',
    given: [
      ...TWO_OWNERS,
      { do: 'hand', hand: { verb: 'add-account', username: 'robot', login: 'none', roles: ['owner'] } },
    ],
    when: [{ do: 'members', group: 'owners', who: [], by: 'PUT' }],
    mayHold: ['ada', 'ben'],
  },
  {
    name: 'last-owners-leave',
    promise,
    account: 'service',
    given: TWO_OWNERS,
    when: [
      {
        do: 'together',
        steps: [
          { do: 'leave', who: 'ada' },
          { do: 'leave', who: 'ben' },
        ],
      },
    ],
    mayHold: ['ada', 'ben'],
  },
  {
    name: 'last-owners-leave-on-three-replicas',
    promise,
    account: 'service',
    replicas: 3,
    given: TWO_OWNERS,
    when: [
      {
        do: 'together',
        steps: [
          { do: 'leave', who: 'ada' },
          { do: 'remove', who: 'ben' },
        ],
      },
    ],
    mayHold: ['ada', 'ben'],
  },
  {
    name: 'last-owners-come-back-as-new-objects',
    promise,
    account: 'service',
    given: TWO_OWNERS,
    when: [
      { do: 'remove', who: 'ada' },
      { do: 'remove', who: 'ben' },
      { do: 'hire', who: 'ada-again', email: 'ada@corp.example', userName: 'ada.again@corp.example' },
      { do: 'hire', who: 'ben-again', email: 'ben@corp.example', userName: 'ben.again@corp.example' },
    ],
    mayHold: ['ada', 'ben', 'ada-again', 'ben-again'],
  },
  {
    name: 'last-owners-are-readdressed-and-leave-their-group',
    promise,
    account: 'service',
    given: TWO_OWNERS.filter(step => step.do !== 'sign-in'),
    when: [
      {
        do: 'bulk',
        steps: [
          { do: 'change', who: 'ada', email: 'ada.new@corp.example' },
          { do: 'change', who: 'ben', email: 'ben.new@corp.example' },
          { do: 'quit', group: 'owners', who: ['ada', 'ben'] },
        ],
      },
    ],
    mayHold: ['ada', 'ben'],
  },
  {
    name: 'last-owners-of-a-deleted-app',
    promise,
    account: 'service',
    given: TWO_OWNERS,
    when: [{ do: 'undeclare' }],
    mayHold: ['ada', 'ben'],
  },
  {
    name: 'own-account-is-somebody',
    promise,
    given: [BASE, { do: 'hire', who: 'root', email: 'testuser@coder.com' }],
    when: [
      { do: 'leave', who: 'root' },
      { do: 'remove', who: 'root' },
    ],
    mayHold: ['root'],
  },
];
