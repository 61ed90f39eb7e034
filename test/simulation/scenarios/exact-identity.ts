/** exact-identity: an account becomes a person's by an exact address only, and an app speaks only for whom it may speak for. */
import { type Scenario } from '../histories/scenario';
import { BASE, DOCUMENT, FIRST } from './common';

const promise = 'exact-identity';
const KELVIN = '\u212A';
/** An app without role mappings. */
const PLAIN = { groupMappings: {} };

export const EXACT_IDENTITY: readonly Scenario[] = [
  {
    name: 'look-alike-address',
    promise,
    core: true,
    given: [{ do: 'hand', hand: { verb: 'add-account', username: 'kevin', roles: ['owner'] } }, BASE],
    when: [
      { do: 'hire', who: 'kelvin', email: `${KELVIN}evin@corp.example` },
      { do: 'leave', who: 'kelvin' },
    ],
  },
  {
    name: 'look-alike-group',
    promise,
    given: [
      { do: 'declare', document: { roleMappings: { kube: { idpGroup: 'kube-admins', role: 'owner' } } } },
      { do: 'hire', who: 'ada' },
    ],
    when: [{ do: 'group', group: 'kube', name: `${KELVIN}ube-admins`, members: ['ada'] }],
    then: scene => [scene.landing('ada')?.siteRoles.includes('owner') === true && 'a look-alike group gave owner'],
  },
  {
    name: 'look-alike-of-a-protected-account',
    promise,
    given: [
      { do: 'hand', hand: { verb: 'add-account', username: 'kevin' } },
      { do: 'declare', document: { ...DOCUMENT, guard: { protectedAccounts: [`${KELVIN}evin`] } } },
      { do: 'hire', who: 'kevin' },
    ],
    when: [{ do: 'leave', who: 'kevin' }],
  },
  {
    name: 'address-in-other-case',
    promise,
    given: [{ do: 'hand', hand: { verb: 'add-account', username: 'mia', email: 'Mia@Corp.Example' } }, BASE],
    when: [
      { do: 'hire', who: 'mia', email: 'mia@corp.example' },
      { do: 'leave', who: 'mia' },
    ],
    then: scene => [
      scene.account('mia')?.status !== 'suspended' && 'mia, who differs in the case of A to Z alone, is still in',
    ],
  },
  {
    name: 'address-of-an-owner-in-an-app-without-roles',
    promise,
    given: [
      { do: 'hand', hand: { verb: 'add-account', username: 'oona', roles: ['owner'], subject: 'sub-oona' } },
      { do: 'declare', app: 'contractors', document: PLAIN },
    ],
    when: [
      { do: 'hire', who: 'oona', app: 'contractors' },
      { do: 'remove', who: 'oona' },
    ],
    mayHold: ['oona'],
    then: scene => [
      scene.account('oona')?.status !== 'active' && 'an owner was locked by an app that may not speak for owners',
      scene.account('oona')?.siteRoles.includes('owner') !== true &&
        'an owner lost the role by an app that may not speak for owners',
    ],
  },
  {
    name: 'password-account-of-a-namesake',
    promise,
    given: [BASE, { do: 'hand', hand: { verb: 'add-account', username: 'dora', login: 'password' } }],
    when: [
      { do: 'hire', who: 'dora' },
      { do: 'group', group: 'admins', members: ['dora'] },
    ],
    mayHold: ['dora'],
    then: scene => [scene.account('dora')?.siteRoles.length !== 0 && 'an account that may not be adopted was changed'],
  },
  {
    name: 'person-of-another-app',
    promise,
    given: [...FIRST, { do: 'declare', app: 'partner', document: PLAIN }],
    when: [
      { do: 'hire', who: 'ada-partner', app: 'partner', email: 'ada@corp.example', userName: 'renamed' },
      { do: 'leave', who: 'ada' },
    ],
    mayHold: ['ada-partner', 'ada'],
    then: scene => [
      scene.withEmail('ada@corp.example')?.status !== 'suspended' && 'the second app lets in whom the first locked out',
      scene.withEmail('ada@corp.example')?.username !== 'ada' && 'the second app renamed the account',
    ],
  },
  {
    name: 'locked-person-of-another-app',
    promise,
    given: [...FIRST, { do: 'leave', who: 'ada' }, { do: 'declare', app: 'partner', document: PLAIN }],
    when: [{ do: 'hire', who: 'ada-partner', app: 'partner', email: 'ada@corp.example', userName: 'renamed' }],
    mayHold: ['ada-partner', 'ada'],
    then: scene => [
      scene.withEmail('ada@corp.example')?.status !== 'suspended' && 'the second app lets in whom the first locked out',
    ],
  },
  {
    name: 'group-of-somebody-else',
    promise: 'only-declared',
    given: [
      { do: 'hand', hand: { verb: 'add-account', username: 'hugo', email: 'hugo@elsewhere.example' } },
      { do: 'hand', hand: { verb: 'add-group', group: 'team-red' } },
      { do: 'hand', hand: { verb: 'add-to-group', username: 'hugo', group: 'team-red' } },
      { do: 'declare', document: { ...DOCUMENT, pushedGroups: { prefix: 'team-' } } },
      { do: 'hire', who: 'ada' },
    ],
    when: [{ do: 'group', group: 'team-red', members: ['ada'] }],
    mayHold: ['ada'],
  },
];
