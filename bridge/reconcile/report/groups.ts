/** Which group of an identity provider gives what to how many: declarations beside the directory. It asks nothing of Coder. */
import { type DirectoryGroupReport, type GroupsReport, type MappingReport } from '../../contract/admin-api';
import { type DirectoryGroup } from '../../contract/directory';
import { DEFAULT_ORGANIZATION, type MappingState } from '../../contract/mapping-state';
import { listApps, type StoredApp } from '../../store/apps/apps';
import { type Binding, readBindings } from '../../store/apps/bindings';
import { type Db } from '../../store/database/database';
import { countPeopleIn, existingGroups, groupsWithMembers, readGroups, readNamesakes } from '../../store/directory';
import { groupsFitting, type IdpGroup, readsItsGroup } from '../context/vanished-groups';
import { foldName, isPushed } from '../decide/rules';

const SHOWN = 500;

interface Declared {
  readonly mapping: string;
  readonly gives: string;
  readonly name: string | undefined;
  readonly externalId: string | undefined;
}

/** @param query one app, or all; only groups with `search` in their names, or none: mappings alone cost little in a large directory */
export async function groupsReport(
  db: Db,
  query: {
    readonly app?: string | undefined;
    readonly search?: string | undefined;
    readonly mappingsAlone?: boolean;
  } = {},
): Promise<GroupsReport> {
  const apps = (await listApps(db)).filter(({ name }) => query.app === undefined || name === query.app);
  const mappings: Omit<MappingReport, 'people'>[] = [];
  const groups: Omit<DirectoryGroupReport, 'people'>[] = [];
  const namesakes = await readNamesakes(db);
  for (const { name: app, state } of apps) {
    const bindings = new Map((await readBindings(db, app)).map(binding => [binding.mapping, binding]));
    const bound = await existingGroups(
      db,
      [...bindings.values()].flatMap(({ scimGroupId }) => scimGroupId ?? []),
    );
    const shared = new Set(namesakes.filter(group => group.app === app).map(group => foldName(group.displayName)));
    const readBy = new Map<string, string[]>();
    const declaredOnes = mappingsOf(state);
    const isReading = readingBy(bindings, state);
    const isUnsaid = unsaidBy(bindings, state);
    const emptyOnes = await emptyGroups(
      db,
      app,
      declaredOnes.filter(declared => isUnsaid(declared) || !isReading(declared)),
    );
    for (const declared of declaredOnes) {
      const binding = bindings.get(declared.mapping);
      const isRead = isReading(declared);
      const empty = emptyOnes.get(declared.mapping);
      const scimGroupId = empty?.id ?? binding?.scimGroupId ?? null;
      if (scimGroupId !== null && (isRead || empty !== undefined))
        readBy.set(scimGroupId, [...(readBy.get(scimGroupId) ?? []), declared.mapping]);
      mappings.push({
        app,
        mapping: declared.mapping,
        gives: declared.gives,
        idpGroup: groupOf(declared),
        state:
          empty !== undefined
            ? 'empty'
            : isRead && isUnsaid(declared)
              ? 'filling'
              : stateOf(declared, binding === undefined ? undefined : isRead, shared),
        scimGroupId,
        groupName: empty?.displayName ?? bound.get(scimGroupId ?? '')?.displayName ?? null,
      });
    }
    for (const group of query.mappingsAlone === true ? [] : await readGroups(db, app))
      groups.push({
        app,
        scimId: group.id,
        displayName: group.displayName,
        externalId: group.externalId ?? null,
        mappings: readBy.get(group.id) ?? [],
        pushed: isPushed(state, group),
      });
  }
  const wanted = foldName(query.search ?? '');
  const fitting = groups
    .filter(group => foldName(group.displayName).includes(wanted))
    .sort((a, b) => Number(isNamed(a)) - Number(isNamed(b)) || compare(a.displayName, b.displayName));
  const shown = fitting.slice(0, SHOWN);
  // Counted for what is shown alone: a directory may have thousands of groups of thousands.
  const counts = await countPeopleIn(db, [
    ...new Set([...shown.map(group => group.scimId), ...mappings.flatMap(mapping => mapping.scimGroupId ?? [])]),
  ]);
  return {
    mappings: mappings.map(mapping => ({ ...mapping, people: counts.get(mapping.scimGroupId ?? '') ?? 0 })),
    groups: shown.map(group => ({ ...group, people: counts.get(group.scimId) ?? 0 })),
    total: fitting.length,
  };
}

/** Mappings whose group says of nobody yet that they are not in it, each with that group, in words. */
export interface UnsaidGroups {
  /** It is there and has no member yet. */
  readonly empty: readonly string[];
  /** It is being filled. */
  readonly filling: readonly string[];
  /** There is none of that name or externalId, and never was while the mapping was declared. */
  readonly neverCame: readonly string[];
}

/** Those of apps, by app: nothing is asked of groups that count. */
export async function sayUnsaidGroups(db: Db, apps: readonly StoredApp[]): Promise<Map<string, UnsaidGroups>> {
  const bindings = await readBindings(db);
  const said = new Map<string, UnsaidGroups>();
  for (const { name: app, state } of apps) {
    const own = new Map(bindings.filter(binding => binding.app === app).map(binding => [binding.mapping, binding]));
    const isReading = readingBy(own, state);
    const isUnsaid = unsaidBy(own, state);
    const unread = mappingsOf(state).filter(declared => isUnsaid(declared) || !isReading(declared));
    if (unread.length === 0) continue;
    const fitting = await groupsFitting(db, app, unread.map(wantedBy));
    const found = await emptyOf(db, unread, fitting);
    const filling = unread.filter(
      declared => isUnsaid(declared) && isReading(declared) && !found.has(declared.mapping),
    );
    said.set(app, {
      empty: [...found].map(([mapping, { displayName }]) => `${displayName} (${mapping})`),
      filling: filling.map(({ mapping }) => `${own.get(mapping)?.group?.displayName ?? ''} (${mapping})`),
      neverCame: unread
        .filter(({ mapping }, index) => !own.has(mapping) && fitting[index]?.length === 0)
        .map(declared => `${groupOf(declared)} (${declared.mapping})`),
    });
  }
  return said;
}

/** Says of a mapping whether it is bound to a group that says of nobody yet that they are not in it. Where Coder gives at sign-ins, nothing hangs on that. */
function unsaidBy(bindings: ReadonlyMap<string, Binding>, { mode }: MappingState): (declared: Declared) => boolean {
  return ({ mapping }) => mode === 'push' && bindings.get(mapping)?.filling !== undefined;
}

/** Says of a mapping whether it reads the group that it is bound to. */
function readingBy(
  bindings: ReadonlyMap<string, Binding>,
  { policies }: MappingState,
): (declared: Declared) => boolean {
  return declared => {
    const binding = bindings.get(declared.mapping);
    return binding !== undefined && readsItsGroup(binding, wantedBy(declared), policies);
  };
}

/** The groups that these mappings name, where they are there and have no member yet, by mapping. */
async function emptyGroups(db: Db, app: string, mappings: readonly Declared[]): Promise<Map<string, DirectoryGroup>> {
  return await emptyOf(db, mappings, await groupsFitting(db, app, mappings.map(wantedBy)));
}

/** @param fitting the groups that each of these mappings names */
async function emptyOf(
  db: Db,
  mappings: readonly Declared[],
  fitting: readonly (readonly DirectoryGroup[])[],
): Promise<Map<string, DirectoryGroup>> {
  const inhabited = await groupsWithMembers(
    db,
    fitting.flat().map(({ id }) => id),
  );
  return new Map(
    mappings.flatMap(({ mapping, externalId }, index) => {
      const fits = fitting[index] ?? [];
      const [group] = fits;
      // Of several of one name nobody knows which is meant.
      const isClear = fits.length === 1 || externalId !== undefined;
      return group !== undefined && isClear && !fits.some(({ id }) => inhabited.has(id))
        ? [[mapping, group] as const]
        : [];
    }),
  );
}

const isNamed = ({ mappings, pushed }: Pick<DirectoryGroupReport, 'mappings' | 'pushed'>): boolean =>
  mappings.length > 0 || pushed;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function stateOf(
  { name }: Declared,
  isRead: boolean | undefined,
  namesakes: ReadonlySet<string>,
): MappingReport['state'] {
  if (name !== undefined && namesakes.has(foldName(name))) return 'unclear';
  return isRead === undefined ? 'never-came' : isRead ? 'matched' : 'vanished';
}

const groupOf = ({ name, externalId }: Declared): string => name ?? `externalId ${externalId ?? ''}`;

const wantedBy = ({ name = '', externalId }: Declared): IdpGroup =>
  externalId === undefined ? { name } : { externalId };

function mappingsOf(state: MappingState): Declared[] {
  const inside = (organization: string): string =>
    organization === DEFAULT_ORGANIZATION ? 'the default organization' : `organization ${organization}`;
  return [
    ...Object.entries(state.groupMappings).map(([key, { idpGroup, idpGroupExternalId, organization, group }]) => ({
      mapping: `groupMappings/${key}`,
      gives: `group ${group} in ${inside(organization)}`,
      name: idpGroup,
      externalId: idpGroupExternalId,
    })),
    ...Object.entries(state.roleMappings).map(([key, { idpGroup, idpGroupExternalId, organization, role }]) => ({
      mapping: `roleMappings/${key}`,
      gives: organization === undefined ? `site role ${role}` : `role ${role} in ${inside(organization)}`,
      name: idpGroup,
      externalId: idpGroupExternalId,
    })),
    ...Object.entries(state.organizationMappings).map(([key, { idpGroup, idpGroupExternalId, organization }]) => ({
      mapping: `organizationMappings/${key}`,
      gives: `membership of ${inside(organization)}`,
      name: idpGroup,
      externalId: idpGroupExternalId,
    })),
  ];
}
