/** lets-in: whoever is in gets in, to the account that has the roles: changed addresses, re-hire, second accounts. */
import { type Scenario } from '../histories/scenario';
import { FIRST } from './common';

const promise = 'lets-in';

export const LETS_IN: readonly Scenario[] = [
  {
    name: 'readdressed-before-the-first-sign-in',
    promise,
    core: true,
    given: FIRST,
    when: [
      { do: 'change', who: 'ada', email: 'ada.new@corp.example' },
      { do: 'sign-in', who: 'ada' },
    ],
  },
  {
    name: 'readdressed-without-sign-ups',
    promise,
    coder: { oidcAllowSignups: false },
    given: FIRST,
    when: [{ do: 'change', who: 'ada', email: 'ada.new@corp.example' }],
  },
  {
    name: 'readdressed-after-the-first-sign-in',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }],
    when: [
      { do: 'change', who: 'ada', email: 'ada.new@corp.example' },
      { do: 'sign-in', who: 'ada' },
    ],
  },
  {
    name: 'gets-the-address-of-a-leaver',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }],
    when: [
      { do: 'remove', who: 'ada' },
      { do: 'change', who: 'ben', email: 'ada@corp.example' },
    ],
  },
  {
    name: 'readdressed-twice',
    promise,
    given: FIRST,
    when: [
      { do: 'change', who: 'ada', email: 'ada.two@corp.example' },
      { do: 'change', who: 'ada', email: 'ada.three@corp.example' },
    ],
  },
  {
    name: 'readdressed-twice-and-signed-in-between',
    promise,
    core: true,
    given: FIRST,
    when: [
      { do: 'change', who: 'ada', email: 'ada.two@corp.example' },
      { do: 'sign-in', who: 'ada' },
      { do: 'change', who: 'ada', email: 'ada.three@corp.example' },
      { do: 'sign-in', who: 'ada' },
    ],
  },
  {
    name: 'readdressed-and-back',
    promise,
    given: FIRST,
    when: [
      { do: 'change', who: 'ada', email: 'ada.two@corp.example' },
      { do: 'change', who: 'ada', email: 'ada@corp.example' },
    ],
  },
  {
    name: 'addresses-are-swapped',
    promise,
    given: FIRST,
    when: [
      { do: 'change', who: 'ada', email: 'between@corp.example' },
      { do: 'change', who: 'ben', email: 'ada@corp.example' },
      { do: 'change', who: 'ada', email: 'ben@corp.example' },
    ],
  },
  {
    name: 'addresses-are-swapped-at-once',
    promise,
    given: FIRST,
    when: [
      { do: 'change', who: 'ada', email: 'ben@corp.example' },
      { do: 'change', who: 'ben', email: 'ada@corp.example' },
    ],
  },
  {
    name: 'addresses-are-swapped-after-the-first-sign-in',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }, { do: 'sign-in', who: 'ben' }],
    when: [
      { do: 'change', who: 'ada', email: 'ben@corp.example' },
      { do: 'change', who: 'ben', email: 'ada@corp.example' },
    ],
    mayHold: ['ada', 'ben'],
    then: scene =>
      ['ada', 'ben'].map(key => {
        const reason = scene.heldReason(scene.directory.person(key));
        return reason?.includes('a third e-mail in the identity provider') !== true && `${key} is held as ${reason}`;
      }),
  },
  {
    name: 'addresses-are-swapped-and-one-has-signed-in',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }],
    when: [
      { do: 'change', who: 'ada', email: 'ben@corp.example' },
      { do: 'change', who: 'ben', email: 'ada@corp.example' },
      { do: 'sign-in', who: 'ada' },
      { do: 'sweep' },
    ],
    // Until Ada has signed in and Coder has taken her e-mail over, the other one is hers.
    mayHold: ['ada', 'ben'],
  },
  {
    name: 'addresses-move-on-in-a-row',
    promise,
    given: [...FIRST, { do: 'hire', who: 'cleo' }],
    when: [
      { do: 'change', who: 'ada', email: 'ben@corp.example' },
      { do: 'change', who: 'ben', email: 'cleo@corp.example' },
      { do: 'change', who: 'cleo', email: 'cleo.new@corp.example' },
    ],
    // As long as somebody else states the address.
    mayHold: ['ada', 'ben'],
    then: scene =>
      ['ada', 'ben', 'cleo'].map(key => {
        const reason = scene.heldReason(scene.directory.person(key));
        return reason !== undefined && `${key} is still held: ${reason}`;
      }),
  },
  {
    name: 'former-address-goes-to-somebody-new',
    promise,
    given: FIRST,
    when: [
      { do: 'change', who: 'ada', email: 'ada.new@corp.example', userName: 'ada.new@corp.example' },
      { do: 'hire', who: 'adam', email: 'ada@corp.example', userName: 'adam@corp.example' },
    ],
  },
  {
    name: 'second-account-with-the-new-address',
    promise,
    given: [
      ...FIRST,
      { do: 'sign-in', who: 'ada' },
      { do: 'hand', hand: { verb: 'add-account', username: 'ada-two', email: 'ada.new@corp.example' } },
    ],
    when: [{ do: 'change', who: 'ada', email: 'ada.new@corp.example' }],
    mayHold: ['ada'],
  },
  {
    name: 're-hired-before-any-sign-in',
    promise,
    core: true,
    given: [...FIRST, { do: 'leave', who: 'ada' }],
    when: [
      { do: 'hire', who: 'ada-again', email: 'ada@corp.example', userName: 'ada.again@corp.example' },
      { do: 'join', group: 'engineering', who: ['ada-again'] },
    ],
  },
  {
    name: 're-hired-after-deletion',
    promise,
    given: [...FIRST, { do: 'remove', who: 'ada' }],
    when: [
      { do: 'hire', who: 'ada-again', email: 'ada@corp.example' },
      { do: 'join', group: 'admins', who: ['ada-again'] },
    ],
  },
  {
    name: 're-hired-with-a-new-subject',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }, { do: 'remove', who: 'ada' }],
    when: [
      { do: 'hire', who: 'ada-again', email: 'ada@corp.example' },
      { do: 'join', group: 'engineering', who: ['ada-again'] },
    ],
    mayHold: ['ada-again'],
  },
  {
    name: 're-hired-with-the-old-subject',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }, { do: 'remove', who: 'ada' }],
    when: [
      { do: 'hire', who: 'ada-again', email: 'ada@corp.example', externalId: 'ext-ada', subject: 'sub-ada' },
      { do: 'join', group: 'engineering', who: ['ada-again'] },
    ],
    mayHold: ['ada-again'],
  },
  {
    name: 're-hired-under-the-same-id',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }, { do: 'leave', who: 'ada' }],
    when: [
      { do: 'change', who: 'ada', externalId: 'ext-ada-again', subject: 'sub-ada-again' },
      { do: 'return', who: 'ada' },
    ],
    mayHold: ['ada'],
  },
  {
    name: 'the-same-object-by-another-name',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }, { do: 'remove', who: 'ada' }],
    when: [
      { do: 'hire', who: 'ada-again', email: 'ada.king@corp.example', externalId: 'ext-ada', subject: 'sub-ada' },
      { do: 'join', group: 'engineering', who: ['ada-again'] },
    ],
    mayHold: ['ada-again'],
  },
  {
    name: 'the-same-object-by-another-name-before-the-old-one-leaves',
    promise,
    given: [...FIRST, { do: 'sign-in', who: 'ada' }],
    when: [
      { do: 'hire', who: 'ada-again', email: 'ada.king@corp.example', externalId: 'ext-ada', subject: 'sub-ada' },
      { do: 'join', group: 'engineering', who: ['ada-again'] },
      { do: 'remove', who: 'ada' },
    ],
    mayHold: ['ada-again'],
    then: scene => [
      scene.heldReason(scene.directory.person('ada-again')) === undefined &&
        'nobody is told that the new person is known by the account of the old one',
    ],
  },
  {
    name: 're-hired-while-the-old-one-is-in',
    promise,
    given: FIRST,
    when: [
      { do: 'hire', who: 'ada-again', email: 'ada@corp.example', userName: 'ada.again@corp.example' },
      { do: 'leave', who: 'ada' },
    ],
    then: scene => [
      scene.heldReason(scene.directory.person('ada-again')) !== undefined &&
        'nobody woke the new person when the old one left',
      scene.withEmail('ada@corp.example')?.status === 'suspended' && 'the new person is locked out with the old one',
    ],
  },
  {
    // The account is Dan's, who signed in before the bridge could act on him, and not Ada's, who has his address by now.
    name: 'signed-in-during-an-outage-and-the-address-moved-on',
    promise,
    given: FIRST,
    when: [
      { do: 'away' },
      { do: 'hire', who: 'dan' },
      { do: 'sign-in', who: 'dan' },
      { do: 'change', who: 'dan', email: 'dan.new@corp.example' },
      { do: 'change', who: 'ada', email: 'dan@corp.example' },
      { do: 'wait', seconds: 20 },
      { do: 'back' },
    ],
    mayHold: ['ada', 'dan'],
    then: scene => [
      scene.landing('dan')?.siteRoles.includes('template-admin') === true && 'Dan signs in to what Ada was given',
    ],
  },
  {
    name: 'hired-in-the-middle-of-an-outage',
    promise,
    given: FIRST,
    when: [
      { do: 'away' },
      { do: 'hire', who: 'cleo' },
      { do: 'join', group: 'engineering', who: ['cleo'] },
      { do: 'wait', seconds: 60 },
      { do: 'back' },
    ],
  },
];
