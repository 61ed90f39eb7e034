/** Broken on purpose: Coder groups, and what of a declaration is about them. */
import { type Mutant } from './mutant';

export const GROUPS: readonly Mutant[] = [
  {
    name: 'groups-are-never-left',
    does: 'nobody is taken out of a Coder group',
    edits: [
      {
        file: 'bridge/reconcile/decide/steps.ts',
        find: "removal.kind === 'group' && goes(removal) && organizations.has(removal.organization)",
        put: "removal.kind === 'group' && goes(removal) && !organizations.has(removal.organization)",
      },
    ],
    noticedBy: ['a-day-of-an-identity-provider'],
  },
  {
    name: 'members-of-a-group-are-forgotten',
    does: 'a group that changes its meaning is no work for its people',
    edits: [
      {
        file: 'bridge/store/work/enqueue.ts',
        find: 'const people = (await hasNestedOnceSettled(db, groupId))',
        put: 'if (groupId.length > 0) return;\n  const people = (await hasNestedOnceSettled(db, groupId))',
      },
    ],
    noticedBy: ['a-day-of-an-identity-provider', 'team-posted-and-disbanded', 'team-renamed-into-the-prefix'],
  },
  {
    name: 'groups-are-left-over',
    does: 'a Coder group that nothing declares any more stays',
    edits: [
      {
        file: 'bridge/reconcile/group/remove-undeclared.ts',
        find: 'export async function removeGroup(rim: Rim, group: ManagedGroup, removal: GroupRemoval): Promise<Removed> {',
        put: "export async function removeGroup(rim: Rim, group: ManagedGroup, removal: GroupRemoval): Promise<Removed> {\n  if (removal.lines.length >= 0) return 'gone';",
      },
    ],
    noticedBy: ['mapping-dropped', 'mapping-renamed'],
  },
  {
    name: 'prefix-forgotten',
    does: 'every pushed group becomes a Coder group',
    edits: [
      {
        file: 'bridge/reconcile/decide/rules.ts',
        find: 'state.pushedGroups !== undefined && foldName(group.displayName).startsWith(foldName(state.pushedGroups.prefix))',
        put: 'state.pushedGroups !== undefined && group.displayName.length > 0',
      },
    ],
    noticedBy: ['team-renamed-out-of-the-prefix', 'a-day-of-an-identity-provider'],
  },
  {
    name: 'deleted-accounts-stay-in-groups',
    does: 'what is wanted of an account that was made anew under another address is wanted for ever',
    edits: [
      {
        file: 'bridge/reconcile/person/make-account.ts',
        find: 'for (const key of await forgetAccount(db, account.id)) await enqueueTouched(db, work, key, rim.clock.now());',
        put: '',
      },
      {
        file: 'bridge/reconcile/group/write-members.ts',
        find: 'items.push({ key: `coder-group:${group.id}`, app: work.app, priority: work.priority });',
        put: '',
      },
      {
        file: 'bridge/reconcile/group/remove-undeclared.ts',
        find: "else if (fate === 'awaits') await releaseNobodys(rim, context, group, work);",
        put: "else if (fate === 'awaits') return;",
      },
    ],
    noticedBy: ['team-disbanded-and-its-member-made-anew'],
  },
  {
    name: 'empty-groups-count',
    does: 'a mapping is bound to a group that nobody was put into yet',
    edits: [
      {
        file: 'bridge/reconcile/declaration/bindings.ts',
        find: 'id === before || isByClaim || inhabited.has(id)',
        put: 'id !== undefined || isByClaim || inhabited.has(id)',
      },
    ],
    noticedBy: ['guard-against-the-group-of-few-made-again-empty', 'first-rollout-by-empty-groups'],
  },
  {
    name: 'groups-being-filled-count',
    does: 'who is to come into a group by the next request loses what it gives with the first one',
    edits: [
      {
        file: 'bridge/reconcile/context/filled-groups.ts',
        find: 'return isWithin(now, firstMemberAt, LONGEST_FILLING_MS) && isWithin(now, changedAt, QUIET_MS);',
        put: 'return isWithin(now, firstMemberAt, LONGEST_FILLING_MS) && isWithin(now, changedAt, 0 * QUIET_MS);',
      },
    ],
    noticedBy: ['first-rollout-one-by-one', 'group-of-few-made-again-and-filled-one-by-one'],
  },
  {
    name: 'first-members-are-nothing-new',
    does: 'nobody looks again which mapping reads a group that was empty',
    edits: [
      {
        file: 'bridge/store/directory/groups.ts',
        find: 'return mappings.some(mapping => !bound.has(mapping));',
        put: 'return mappings.length < bound.size;',
      },
    ],
    noticedBy: ['first-rollout-of-one-among-three'],
  },
  {
    name: 'freed-names-are-forgotten',
    does: 'a pushed group that could not have its name keeps the derived one when the name is free',
    edits: [
      {
        file: 'bridge/reconcile/group/wake-for-name.ts',
        find: 'await enqueue(db, items, cause, now);',
        put: 'await enqueue(db, items.slice(items.length), cause, now);',
      },
    ],
    noticedBy: ['name-of-a-team-goes-to-another-one', 'name-of-a-disbanded-team-goes-to-another-one'],
  },
  {
    name: 'a-deleted-app-keeps-its-groups',
    does: 'while somebody of a deleted app is held, its groups stay',
    edits: [
      {
        file: 'bridge/reconcile/declaration/declaration.ts',
        find: 'return await removeUndeclared(rim, work, failures);',
        put: 'return later ? [] : await removeUndeclared(rim, work, failures);',
      },
    ],
    noticedBy: ['last-owners-of-a-deleted-app'],
  },
];
