/**
 * Groups of one displayName in one app. They may be where each has an `externalId` and they differ (RFC 7643 §8.7.1 asks for no
 * uniqueness): whoever matches by it means one of them. A mapping by name does not, so what knows of names is told.
 */
import { bumpRules } from '../apps/apps';
import { type Db } from '../database/database';
import { statement } from '../database/statement';
import { PRIORITY, enqueue } from '../work/enqueue';
import { UniquenessError } from './errors';
import { LOCK_OF, type Write, lockByName } from './rows';

/** What tells groups of one name apart. */
export interface GroupName {
  readonly displayName: string;
  /** Folded. */
  readonly key: string;
  readonly externalId: string | null;
}

const namedSo = statement<{ app: string; key: string }>()((db, { app, key }) =>
  db
    .selectFrom('groups')
    .select(['id', 'external_id', 'shares_name'])
    .where('app', '=', app)
    .where('display_name_key', '=', key),
);

/**
 * Who comes to a name and who leaves it at the same time must see each other: called before either is written.
 * @param renames whether the group has a name already: who decides by what it is called comes before that, or after it
 */
export async function lockNames(write: Write, names: readonly GroupName[], renames = false): Promise<void> {
  const { app } = write;
  const locks = names.map(({ key }) => LOCK_OF.name(app, key));
  await lockByName(write, renames ? [...locks, LOCK_OF.renaming(app)] : locks, 'alone');
}

/**
 * Makes sure that a group may have the name: called before it is written, with the name locked.
 * @throws UniquenessError
 */
export async function claimName({ db, app }: Write, name: GroupName, ownId: string): Promise<void> {
  const { rows } = await namedSo(db, { app, key: name.key });
  const others = rows.filter(({ id }) => id !== ownId);
  const taken = others.some(
    other => other.external_id === null || name.externalId === null || other.external_id === name.externalId,
  );
  if (taken) throw new UniquenessError('Group', 'displayName', name.displayName);
}

/** Marks the groups of a name that several have, and unmarks the last one: called after a group came to the name or left it. */
export async function markNamesakes(write: Write, key: string): Promise<void> {
  const { db, app, cause, now, dueAt } = write;
  const { rows: groups } = await namedSo(db, { app, key });
  const shares = groups.length > 1 ? 1 : 0;
  const wrong = groups.filter(group => group.shares_name !== shares).map(({ id }) => id);
  if (wrong.length === 0) return;
  await db.updateTable('groups').set({ shares_name: shares }).where('id', 'in', wrong).execute();
  await bumpRules(db);
  await enqueue(
    db,
    [
      { key: `app:${app}`, app, priority: PRIORITY.request },
      ...wrong.map(id => ({ key: `scim-group:${id}` as const, app, priority: PRIORITY.request })),
    ],
    cause,
    now,
    { dueAt },
  );
}

/** Groups that share their name with another one of their app. */
export async function readNamesakes(db: Db): Promise<{ id: string; app: string; displayName: string }[]> {
  const rows = await db
    .selectFrom('groups')
    .select(['id', 'app', 'display_name'])
    .where('shares_name', '=', 1)
    .orderBy('id')
    .execute();
  return rows.map(({ id, app, display_name }) => ({ id, app, displayName: display_name }));
}
