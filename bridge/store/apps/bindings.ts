/** Which SCIM group each mapping has matched: so that a mapping follows a rename, and a vanished group is noticed. */
import { sql } from 'kysely';
import { identityKey } from '../../contract/identity';
import { type MappingState } from '../../contract/mapping-state';
import { type Db } from '../database/database';
import { statement } from '../database/statement';

export interface Binding {
  readonly app: string;
  /** `groupMappings/<name>`, `roleMappings/<name>`, `organizationMappings/<name>`. */
  readonly mapping: string;
  /** Undefined: the group vanished, and an operator accepted that loss. The mapping has matched all the same, so what it names stays managed. */
  readonly scimGroupId: string | undefined;
  /** Whether the directory still has the group. */
  readonly alive: boolean;
  /** The group as the directory has it now. */
  readonly group: { readonly displayName: string; readonly externalId: string | undefined } | undefined;
  /** Set while it takes nothing yet, since the group is still being filled. */
  readonly filling: Filling | undefined;
}

/**
 * What a mapping takes meanwhile that is bound to a group which is being filled: nothing.
 * - `first`: as if it had matched no group yet
 * - `again`: as if the group that it was bound to before were still gone
 */
export type Filling = 'first' | 'again';

export const MAPPING_KINDS = ['groupMappings', 'roleMappings', 'organizationMappings'] as const;

/**
 * Mappings that read another group of the identity provider in the second document than in the first, or are not in the first: what they matched
 * says nothing of that. One that was taken out and put back may not have been dealt with in between.
 */
export function repointedMappings(before: MappingState, after: MappingState): string[] {
  return MAPPING_KINDS.flatMap(kind =>
    Object.entries<Reads>(after[kind]).flatMap(([key, mapping]) => {
      const was: Reads | undefined = before[kind][key];
      return was !== undefined && readsTheSame(was, mapping) ? [] : [`${kind}/${key}`];
    }),
  );
}

/** Which group of the identity provider a mapping names. */
export type Reads = Pick<MappingState['groupMappings'][string], 'idpGroup' | 'idpGroupExternalId'>;

function readsTheSame(one: Reads, other: Reads): boolean {
  return (
    one.idpGroupExternalId === other.idpGroupExternalId &&
    identityKey(one.idpGroup ?? '') === identityKey(other.idpGroup ?? '')
  );
}

const withGroups = (db: Db) =>
  db
    .selectFrom('bindings')
    .leftJoin('groups', 'groups.id', 'bindings.scim_group_id')
    .select([
      'bindings.app',
      'bindings.mapping',
      'bindings.scim_group_id',
      'bindings.filling',
      'groups.display_name',
      'groups.external_id',
    ]);

const selectAll = statement<Record<never, never>>()(withGroups);

const selectOfApp = statement<{ app: string }>()((db, { app }) => withGroups(db).where('bindings.app', '=', app));

/** In the place of the group's id where the loss of the group was accepted. */
const LET_GO = '';

const IS_THERE = sql`exists (select 1 from groups where groups.id = bindings.scim_group_id)`;

export async function readBindings(db: Db, app?: string): Promise<Binding[]> {
  const { rows } = await (app === undefined ? selectAll(db, {}) : selectOfApp(db, { app }));
  return rows.map(row => ({
    app: row.app,
    mapping: row.mapping,
    scimGroupId: row.scim_group_id === LET_GO ? undefined : row.scim_group_id,
    alive: row.display_name !== null,
    group:
      row.display_name === null
        ? undefined
        : { displayName: row.display_name, externalId: row.external_id ?? undefined },
    filling: row.filling ?? undefined,
  }));
}

/** @param filling set where the group is being filled: what the mapping gives is taken from nobody until {@link endFilling} */
export async function bind(
  db: Db,
  app: string,
  mapping: string,
  scimGroupId: string,
  filling?: Filling,
): Promise<void> {
  const bound = { scim_group_id: scimGroupId, filling: filling ?? null };
  await db
    .insertInto('bindings')
    .values({ app, mapping, ...bound })
    .onConflict(conflict => conflict.columns(['app', 'mapping']).doUpdateSet(bound))
    .execute();
}

const selectBoundTo = statement<{ app: string; groupId: string }>()((db, { app, groupId }) =>
  db.selectFrom('bindings').select('mapping').where('app', '=', app).where('scim_group_id', '=', groupId),
);

/** The mappings of an app that are bound to a group. */
export async function mappingsBoundTo(db: Db, app: string, groupId: string): Promise<Set<string>> {
  return new Set((await selectBoundTo(db, { app, groupId })).rows.map(({ mapping }) => mapping));
}

const selectFilling = statement<Record<never, never>>()(db =>
  db
    .selectFrom('bindings')
    .innerJoin('groups', 'groups.id', 'bindings.scim_group_id')
    .select(['bindings.app', 'bindings.mapping', 'bindings.scim_group_id as groupId'])
    .where('bindings.filling', 'is not', null),
);

/** A mapping that is bound to a group which is there and was being filled. */
export interface FillingBinding {
  readonly app: string;
  readonly mapping: string;
  readonly groupId: string;
}

/** Those of all apps. */
export async function readFillingBindings(db: Db): Promise<readonly FillingBinding[]> {
  return (await selectFilling(db, {})).rows;
}

/** The groups of these mappings have come to rest: whoever is not in them has nothing by them any more. */
export async function endFilling(db: Db, bindings: readonly FillingBinding[]): Promise<void> {
  for (const { app, mapping, groupId } of bindings)
    await db
      .updateTable('bindings')
      .set({ filling: null })
      .where('app', '=', app)
      .where('mapping', '=', mapping)
      .where('scim_group_id', '=', groupId)
      .execute();
}

/**
 * The groups that these mappings matched are not missed any more. One that is bound to another group by now, which is being filled, follows that
 * one from now on.
 */
export async function letGo(db: Db, app: string, mappings: readonly string[]): Promise<void> {
  if (mappings.length === 0) return;
  await db
    .updateTable('bindings')
    .set({
      scim_group_id: sql<string>`case when filling = 'again' and ${IS_THERE} then scim_group_id else ${sql.lit(LET_GO)} end`,
      // One that never counted has nothing but what it gave itself to take.
      filling: sql<Filling | null>`case when filling = 'first' then filling end`,
    })
    .where('app', '=', app)
    .where('mapping', 'in', mappings)
    .execute();
}

/** As if these mappings had never matched: nothing is taken in their name until a group fits. */
export async function unbind(db: Db, app: string, mappings: readonly string[]): Promise<void> {
  if (mappings.length === 0) return;
  await db.deleteFrom('bindings').where('app', '=', app).where('mapping', 'in', mappings).execute();
}
