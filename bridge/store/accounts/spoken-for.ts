/** Whose accounts an app speaks for: everybody who is active in it and has one, and who of other apps has the same. */
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { nextTurn } from '../database/turns';

export interface SpokenFor {
  readonly coderUserId: string;
  /** As last dealt with. */
  readonly email: string | undefined;
  readonly heldReason: string | undefined;
}

const AT_ONCE = 1_000;

/** Everybody who is active in an app and has an account, in pages with a turn of the event loop between them. */
export async function* peopleSpokenFor(db: Db, app: string): AsyncGenerator<SpokenFor[]> {
  for (let after = ''; ; await nextTurn()) {
    const rows = await db
      .selectFrom('people')
      .innerJoin('users', 'users.id', 'people.user_id')
      .select(['people.user_id', 'people.coder_user_id', 'people.email', 'people.held_reason'])
      .where('people.app', '=', app)
      .where('people.coder_user_id', 'is not', null)
      .where('users.active', '=', 1)
      .where('people.user_id', '>', after)
      .orderBy('people.user_id')
      .limit(AT_ONCE)
      .execute();
    yield rows.map(row => ({
      coderUserId: row.coder_user_id ?? '',
      email: row.email ?? undefined,
      heldReason: row.held_reason ?? undefined,
    }));
    const last = rows.at(-1);
    if (last === undefined || rows.length < AT_ONCE) return;
    after = last.user_id;
  }
}

/** How many of these accounts have somebody who is active in one of these apps, by app. */
export async function countActiveIn(
  db: Db,
  apps: readonly string[],
  coderUserIds: readonly string[],
): Promise<Map<string, number>> {
  if (apps.length === 0 || coderUserIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('people')
    .innerJoin('users', 'users.id', 'people.user_id')
    .select(eb => ['people.app', eb.fn.count<number>('people.coder_user_id').distinct().as('accounts')])
    .where('people.coder_user_id', 'in', among(db, coderUserIds))
    .where('people.app', 'in', apps)
    .where('users.active', '=', 1)
    .groupBy('people.app')
    .execute();
  return new Map(rows.map(row => [row.app, Number(row.accounts)]));
}
