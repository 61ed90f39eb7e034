/** Which SCIM group each mapping has matched: so that a mapping follows a rename, and a vanished group is noticed. */
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
}

const KINDS = ['groupMappings', 'roleMappings', 'organizationMappings'] as const;

/**
 * Mappings that read another group of the identity provider in the second document than in the first, or are not in the first: what they matched
 * says nothing of that. One that was taken out and put back may not have been dealt with in between.
 */
export function repointedMappings(before: MappingState, after: MappingState): string[] {
  return KINDS.flatMap(kind =>
    Object.entries<Reads>(after[kind]).flatMap(([key, mapping]) => {
      const was: Reads | undefined = before[kind][key];
      return was !== undefined && readsTheSame(was, mapping) ? [] : [`${kind}/${key}`];
    }),
  );
}

type Reads = Pick<MappingState['groupMappings'][string], 'idpGroup' | 'idpGroupExternalId'>;

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
      'groups.display_name',
      'groups.external_id',
    ]);

const selectAll = statement<Record<never, never>>()(withGroups);

const selectOfApp = statement<{ app: string }>()((db, { app }) => withGroups(db).where('bindings.app', '=', app));

/** In the place of the group's id where the loss of the group was accepted. */
const LET_GO = '';

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
  }));
}

export async function bind(db: Db, app: string, mapping: string, scimGroupId: string): Promise<void> {
  await db
    .insertInto('bindings')
    .values({ app, mapping, scim_group_id: scimGroupId })
    .onConflict(conflict => conflict.columns(['app', 'mapping']).doUpdateSet({ scim_group_id: scimGroupId }))
    .execute();
}

/** The groups that these mappings matched are not missed any more. */
export async function letGo(db: Db, app: string, mappings: readonly string[]): Promise<void> {
  if (mappings.length === 0) return;
  await db
    .updateTable('bindings')
    .set({ scim_group_id: LET_GO })
    .where('app', '=', app)
    .where('mapping', 'in', mappings)
    .execute();
}

/** As if these mappings had never matched: nothing is taken in their name until a group fits. */
export async function unbind(db: Db, app: string, mappings: readonly string[]): Promise<void> {
  if (mappings.length === 0) return;
  await db.deleteFrom('bindings').where('app', '=', app).where('mapping', 'in', mappings).execute();
}
