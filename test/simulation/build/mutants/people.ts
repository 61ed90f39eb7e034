/** Broken on purpose: who is which account, and what becomes of it. */
import { type Mutant } from './mutant';

export const PEOPLE: readonly Mutant[] = [
  {
    name: 'nobody-is-suspended',
    does: 'whoever leaves loses roles, and the account stays open',
    edits: [
      {
        file: 'bridge/reconcile/decide/plan.ts',
        find: "...(out ? [] : [{ kind: 'suspend' as const }]),",
        put: '',
      },
    ],
    noticedBy: ['leaves'],
  },
  {
    name: 'inactive-is-active',
    does: 'what the directory says of `active` is not looked at',
    edits: [
      {
        file: 'bridge/reconcile/decide/desired.ts',
        find: 'if (!user.active || rules.deleting) return ABSENT;',
        put: 'if (rules.deleting) return ABSENT;',
      },
    ],
    noticedBy: ['leaves'],
  },
  {
    name: 'second-accounts-of-the-active-are-not-looked-for',
    does: 'whom an app or a mapping lets in no more is locked out of the linked account alone',
    edits: [
      {
        file: 'bridge/reconcile/observe/begun-accounts.ts',
        find: 'leaves || isLetOut ?',
        put: 'leaves ?',
      },
    ],
    noticedBy: ['app-deleted-over-a-second-account', 'in-no-group-over-a-second-account'],
  },
  {
    name: 'nobody-is-activated',
    does: 'whoever comes back stays suspended',
    edits: [
      {
        file: 'bridge/reconcile/decide/plan.ts',
        find: "actual.status === 'suspended' ? [{ kind: 'activate' }] : []",
        put: '[]',
      },
    ],
    noticedBy: ['leaves-and-returns'],
  },
  {
    name: 'deleted-people-are-forgotten',
    does: 'a person deleted in the directory is no work',
    edits: [
      {
        file: 'bridge/store/directory/users.ts',
        find: 'return { resource: current, touched: await enqueuePerson(write, id, LEAVES) };',
        put: 'return { resource: current, touched: [] };',
      },
    ],
    noticedBy: ['removed'],
  },
  {
    name: 'held-people-are-not-shown',
    does: 'status says nothing of people who are held',
    edits: [
      {
        file: 'bridge/store/accounts/held-people.ts',
        find: ".where('held_reason', 'is not', null)\n    .$if(app",
        put: ".where('held_reason', 'is', null)\n    .where('user_id', '=', '')\n    .$if(app",
      },
    ],
    noticedBy: ['password-account-of-a-namesake'],
  },
  {
    name: 'any-account-is-taken-over',
    does: 'an account with a password is adopted like one of the identity provider',
    edits: [
      {
        file: 'bridge/reconcile/decide/adoption.ts',
        find: "if (policy === 'oidc' && account.loginType !== 'oidc')",
        put: "if (policy === 'never' && account.loginType !== 'oidc')",
      },
    ],
    noticedBy: ['password-account-of-a-namesake'],
  },
  {
    name: 'everything-is-managed',
    does: 'what was given by hand is taken like what was declared',
    edits: [
      {
        file: 'bridge/reconcile/decide/context.ts',
        find: 'context.managed.has(keyOf(entitlement));',
        put: 'keyOf(entitlement).length > 0;',
      },
    ],
    noticedBy: ['given-by-hand-survives-an-absence'],
  },
  {
    name: 'no-journal',
    does: 'nothing is written down before it is done in Coder',
    edits: [
      {
        file: 'bridge/store/journal/journal.ts',
        find: '  if ((await insertEntry(db, row)).changes > 0) return true;',
        put: '  if (entry.since >= 0) return true;\n  if ((await insertEntry(db, row)).changes > 0) return true;',
      },
    ],
    noticedBy: ['hired-and-readdressed', 'team-posted-and-renamed', 'hired-and-removed'],
  },
  {
    name: 'a-used-account-is-handed-on',
    does: 'who gets the address of somebody who left gets the account that only those can sign in to',
    edits: [
      {
        file: 'bridge/reconcile/decide/person.ts',
        find: 'adoption instanceof Held ? isMoving(other) : adoption.anew',
        put: 'adoption instanceof Held && isMoving(other)',
      },
    ],
    noticedBy: ['gets-the-address-of-a-leaver'],
  },
  {
    name: 'leavers-wait-for-the-declaration',
    does: 'while a declaration is dealt with, nobody is locked out',
    edits: [
      {
        file: 'bridge/reconcile/person/person.ts',
        find: 'deferred: isPending(observation) && !leavesByDirectory(observation),',
        put: 'deferred: isPending(observation) || leavesByDirectory(observation),',
      },
    ],
    noticedBy: ['leaves', 'removed'],
  },
  {
    name: 'letters-without-case-by-javascript',
    does: 'who somebody is compares by toLowerCase: the Kelvin sign is a k',
    edits: [
      {
        file: 'bridge/contract/identity.ts',
        find: '.replace(/[A-Z]/g, letter => String.fromCharCode(letter.charCodeAt(0) + 32));',
        put: '.toLowerCase();',
      },
    ],
    noticedBy: ['look-alike-group', 'look-alike-address', 'look-alike-of-a-protected-account'],
  },
  {
    name: 'former-addresses-forgotten',
    does: "an account that bears a former address is nobody's",
    edits: [
      {
        file: 'bridge/store/accounts/addresses.ts',
        find: 'return rows.map(addressOf);',
        put: 'return rows.slice(rows.length).map(addressOf);',
      },
    ],
    noticedBy: ['found-readdressed-and-left'],
  },
  {
    name: 'workspaces-stay-behind',
    does: 'what runs in an organization goes on when its owner is taken out of that',
    edits: [
      {
        file: 'bridge/reconcile/person/change-account.ts',
        find: 'if (leaver.losesOrganization) {',
        put: 'if (leaver.losesOrganization && done.length < 0) {',
      },
      {
        file: 'bridge/reconcile/person/change-account.ts',
        find: 'if (leaver.locks || leaver.losesOrganization)',
        put: 'if (leaver.locks)',
      },
    ],
    noticedBy: ['taken-out-of-an-organization-with-a-workspace'],
  },
  {
    name: 'nobody-makes-room',
    does: 'two unused accounts whose people swapped addresses wait for each other',
    edits: [
      {
        file: 'bridge/reconcile/decide/person.ts',
        find: 'adoption instanceof Held ? isMoving(other) : adoption.anew',
        put: '!(adoption instanceof Held) && adoption.anew',
      },
    ],
    noticedBy: ['addresses-are-swapped-at-once', 'addresses-are-swapped'],
  },
  {
    name: 'an-account-is-whoever-has-the-address',
    does: 'who has an address now gets the account of who had it when they signed in',
    edits: [
      {
        file: 'bridge/reconcile/observe/holders.ts',
        find: 'if (!account.used || others.size === 0) return undefined;',
        put: 'if (account.used || others.size === 0) return undefined;',
      },
    ],
    noticedBy: ['signed-in-during-an-outage-and-the-address-moved-on'],
  },
  {
    name: 'a-call-ends-with-its-bridge',
    does: 'what a killed bridge asked of Coder is not expected any more',
    edits: [
      {
        file: 'bridge/reconcile/person/interrupted-steps.ts',
        find: '.filter(one => Math.abs(now - one.since) < CALL_MAY_LAST_MS)',
        put: '.filter(one => Math.abs(now - one.since) < 0)',
      },
    ],
    noticedBy: ['calls-that-outlive-their-bridge-and-let-a-leaver-in'],
  },
  {
    name: 'rights-are-as-they-were',
    does: 'what was there and is not seen any more is gone, though the bridge may have lost the right to see it',
    edits: [
      {
        file: 'bridge/coder/visibility.ts',
        find: 'known = undefined;\n      await seesAll(route);',
        put: 'await seesAll(route);',
      },
    ],
    noticedBy: ['rights-of-the-bridge-lost-for-a-moment'],
  },
  {
    name: 'nobody-is-woken',
    does: 'whoever waits for an address that becomes free waits for the next sweep',
    edits: [
      {
        file: 'bridge/reconcile/person/wake-others.ts',
        find: "if (address !== '')",
        put: "if (address === '')",
      },
    ],
    noticedBy: ['addresses-move-on-in-a-row', 're-hired-while-the-old-one-is-in', 'addresses-are-swapped-at-once'],
  },
  {
    name: 'what-was-read-is-all-there-is',
    does: 'a replica that another one tells of an organization goes by what it has read of Coder before',
    edits: [
      {
        file: 'bridge/reconcile/context/context.ts',
        find: 'if (known === undefined || isBehind(known, states)) known = await this.#loadWhatThereIs(states);\n    this.#catalog',
        put: 'known ??= await this.#loadWhatThereIs(states);\n    this.#catalog',
      },
      {
        file: 'bridge/reconcile/decide/context.ts',
        find: "(kind === 'organization-role' && context.unreadRoles.has(organization))",
        put: "(kind === 'account' && context.unreadRoles.has(organization))",
      },
      {
        file: 'bridge/reconcile/decide/context.ts',
        find: "(organization !== '' && !context.knownOrganizations.has(organization)) ||",
        put: '',
      },
    ],
    noticedBy: ['organization-declared-at-one-of-three-replicas'],
  },
];
