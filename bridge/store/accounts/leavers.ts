/** Leavers who are not known to be locked out: whom the directory says is gone, or meant to, and what keeps them in. */
import { type Db } from '../database/database';
import { PRIORITY } from '../work/enqueue';

/** Somebody is in one state for what waits in the queue, and in another for what an operator has to decide. */
export type LeaverState = 'waiting' | 'parked' | 'held' | 'refused';

export interface LeaversNotOut {
  readonly app: string;
  /**
   * `waiting` for their turn or for Coder, `parked` after bounded tries, `held` for a reason in `status`, `refused`: the identity
   * provider's request could not be taken.
   */
  readonly state: LeaverState;
  readonly people: number;
  /** When the first of them left, in milliseconds since 1970. */
  readonly since: number;
}

/**
 * One row for each app and state that has anybody. Of a deleted app whoever is queued or held leaves, whatever the directory said of
 * them; its own work stands for those who are not queued yet.
 */
export async function leaversNotOut(db: Db): Promise<LeaversNotOut[]> {
  const queued = await db
    .selectFrom('work')
    .select(eb => [
      'app',
      eb.fn.countAll<number>().as('people'),
      eb.fn.count<number>('parked_at').as('parked'),
      eb.fn.min(eb.case().when('parked_at', 'is not', null).then(eb.ref('enqueued_at')).end()).as('parked_since'),
      eb.fn.min(eb.case().when('parked_at', 'is', null).then(eb.ref('enqueued_at')).end()).as('waiting_since'),
    ])
    .where(eb =>
      eb.or([
        eb('priority', '=', PRIORITY.leaving).and('key', 'like', 'person:%'),
        eb('app', 'in', eb.selectFrom('apps').select('name').where('deleted_at', 'is not', null)).and(
          eb.or([eb('key', 'like', 'person:%'), eb('key', 'like', 'app:%')]),
        ),
      ]),
    )
    .groupBy('app')
    .execute();
  const held = await db
    .selectFrom('people')
    .leftJoin('users', 'users.id', 'people.user_id')
    .leftJoin('apps as deleted', join =>
      join.onRef('deleted.name', '=', 'people.app').on('deleted.deleted_at', 'is not', null),
    )
    .select(eb => [
      'people.app',
      eb.fn.countAll<number>().as('people'),
      eb.fn
        .min(
          eb.fn.coalesce(
            'people.left_at',
            eb.case().when('users.active', '=', 0).then(eb.ref('users.modified_at')).end(),
            'deleted.deleted_at',
            'people.converged_at',
          ),
        )
        .as('since'),
    ])
    .where('people.held_reason', 'is not', null)
    // Their account is suspended, and waits to be deleted.
    .where('people.held_reason', '!=', 'has-workspaces')
    .where(eb => eb.or([eb('users.id', 'is', null), eb('users.active', '=', 0), eb('deleted.name', 'is not', null)]))
    .groupBy('people.app')
    .execute();
  const refused = await db
    .selectFrom('refused_leavings')
    .select(eb => ['app', eb.fn.countAll<number>().as('people'), eb.fn.min('first_at').as('since')])
    .groupBy('app')
    .execute();
  return [
    ...queued.flatMap(({ app, people, parked, waiting_since, parked_since }) => [
      { app, state: 'waiting' as const, people: Number(people) - Number(parked), since: Number(waiting_since) },
      { app, state: 'parked' as const, people: Number(parked), since: Number(parked_since) },
    ]),
    ...held.map(({ app, people, since }) => ({
      app,
      state: 'held' as const,
      people: Number(people),
      since: Number(since),
    })),
    ...refused.map(({ app, people, since }) => ({
      app,
      state: 'refused' as const,
      people: Number(people),
      since: Number(since),
    })),
  ].filter(({ people }) => people > 0);
}
