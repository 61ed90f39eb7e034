/**
 * What of an app's directory reaches Coder: whom and which groups its declaration can be about, told within the transaction that writes.
 * What reaches nothing need not be queued. Where it is unclear, and while a declaration is being dealt with, everything does.
 */
import { identityKey } from '../../contract/identity';
import { type MappingState } from '../../contract/mapping-state';
import { type Db, backendOf } from '../database/database';
import { statement } from '../database/statement';
import { declarationOf, readApp } from './apps';
import { MAPPING_KINDS, type Reads } from './bindings';
import { lockDeclaration } from './declaration-lock';

/** A group of the directory, as far as mappings find it. */
export interface FoundGroup {
  readonly displayName: string;
  readonly externalId: string | null | undefined;
}

/** A mapping may also be bound to a group, whatever that is named by now: bindings are asked for where they matter. */
export interface Reach {
  /** Whether a mapping names the group, or it is pushed. */
  readonly includes: (group: FoundGroup) => boolean;
  /** The mappings that name the group; undefined where nobody can tell, since the declaration is being dealt with. */
  readonly mappingsOf: (group: FoundGroup) => readonly string[] | undefined;
  readonly pushes: (group: FoundGroup) => boolean;
  /** Whether people have accounts only by being in such a group. */
  readonly onlyMapped: boolean;
  /** The declaration is being dealt with, or is none. */
  readonly unclear: boolean;
}

const EVERYTHING: Reach = {
  includes: () => true,
  mappingsOf: () => undefined,
  pushes: () => true,
  onlyMapped: false,
  unclear: true,
};

/** Apps whose reach is kept. */
const MOST_KEPT = 256;

const currentOf = statement<{ app: string }>()((db, { app }) =>
  db
    .selectFrom('apps')
    .select(['generation', 'updated_at', 'applied_generation', 'deleted_at'])
    .where('name', '=', app),
);

/** The reach of an app as it is in this transaction. */
export type ReadReach = (db: Db, app: string) => Promise<Reach>;

/**
 * Reads each declaration once.
 * @param changes see `Database`: while it stays, so does what was read
 */
export function createReadReach(changes?: () => number): ReadReach {
  const known = new Map<string, { readonly declaration: string; readonly reach: Reach }>();
  const current = new Map<string, { readonly at: number; readonly reach: Reach }>();

  return async (db, app) => {
    const at = changes?.();
    const kept = current.get(app);
    if (kept !== undefined && kept.at === at) return kept.reach;
    const reach = await readNow(db, app);
    if (at === undefined) return reach;
    if (current.size >= MOST_KEPT) current.clear();
    current.set(app, { at, reach });
    return reach;
  };

  async function readNow(db: Db, app: string): Promise<Reach> {
    if (backendOf(db) === 'postgres') await lockDeclaration(db, app, 'shared');
    const [row] = (await currentOf(db, { app })).rows;
    if (row === undefined || row.deleted_at !== null || row.applied_generation !== row.generation) return EVERYTHING;
    const kept = known.get(app);
    const declaration = declarationOf(row);
    if (kept?.declaration === declaration) return kept.reach;
    const stored = await readApp(db, app);
    if (stored === undefined) return EVERYTHING;
    const reach = reachOf(stored.state);
    if (known.size >= MOST_KEPT) known.clear();
    known.set(app, { declaration, reach });
    return reach;
  }
}

function reachOf(state: MappingState): Reach {
  const { pushedGroups, policies } = state;
  const byName = new Map<string, string[]>();
  const byExternalId = new Map<string, string[]>();
  const add = (map: Map<string, string[]>, text: string, mapping: string): void => {
    const known = map.get(text);
    if (known === undefined) map.set(text, [mapping]);
    else known.push(mapping);
  };
  for (const kind of MAPPING_KINDS)
    for (const [key, { idpGroup, idpGroupExternalId }] of Object.entries<Reads>(state[kind])) {
      if (idpGroup !== undefined) add(byName, identityKey(idpGroup), `${kind}/${key}`);
      if (idpGroupExternalId !== undefined) add(byExternalId, idpGroupExternalId, `${kind}/${key}`);
    }
  const prefix = pushedGroups === undefined ? undefined : identityKey(pushedGroups.prefix);
  const maps = ({ displayName, externalId }: FoundGroup): boolean =>
    byName.has(identityKey(displayName)) || byExternalId.has(externalId ?? '');
  const pushes = ({ displayName }: FoundGroup): boolean =>
    prefix !== undefined && identityKey(displayName).startsWith(prefix);
  return {
    includes: group => maps(group) || pushes(group),
    mappingsOf: ({ displayName, externalId }) => [
      ...(byName.get(identityKey(displayName)) ?? []),
      ...(byExternalId.get(externalId ?? '') ?? []),
    ],
    pushes,
    onlyMapped: policies.accounts === 'mapped',
    unclear: false,
  };
}
