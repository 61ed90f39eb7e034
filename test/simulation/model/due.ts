/** What an active person is due by the declarations: roles, organizations, roles there, and groups. */
import { type Declaration, type IdpGroup } from '../histories/step';
import { type App, type Directory, folded, type Group, type Person } from './directory';

export const DEFAULT_ORGANIZATION = 'coder';

export interface Due {
  readonly siteRoles: Set<string>;
  readonly organizations: Set<string>;
  /** `organization/role` */
  readonly organizationRoles: Set<string>;
  /** `organization/group` */
  readonly groups: Set<string>;
}

/** What one group of the identity provider means. */
export interface Meaning {
  readonly kind: 'site-role' | 'organization' | 'organization-role' | 'group';
  readonly organization: string;
  readonly target: string;
}

export function nothing(): Due {
  return { siteRoles: new Set(), organizations: new Set(), organizationRoles: new Set(), groups: new Set() };
}

function organizationName(name: string | undefined): string {
  return name === undefined || name === 'default' ? DEFAULT_ORGANIZATION : name;
}

function isMeant(mapping: IdpGroup, group: Group): boolean {
  return mapping.idpGroupExternalId === undefined
    ? folded(mapping.idpGroup ?? '') === folded(group.name)
    : mapping.idpGroupExternalId === group.externalId;
}

/** Whether the mapping reads this group, or would read it under an earlier name, and somebody was in it then. */
function isOf(mapping: IdpGroup, { counted: { names, externalIds } }: Group): boolean {
  return mapping.idpGroupExternalId === undefined
    ? [...names].some(name => folded(name) === folded(mapping.idpGroup ?? ''))
    : externalIds.has(mapping.idpGroupExternalId);
}

/** Whether the identity provider has, or once had, a group with somebody in it that the mapping reads. */
function wasMeant(directory: Directory, app: App, mapping: IdpGroup): boolean {
  return [...directory.groups.values()].some(
    group => group.app === app.name && group.forgotten !== true && isOf(mapping, group),
  );
}

/** A declaration takes the place of this one: groups that are gone or empty, and that it did not read, are nothing to what follows. */
export function forgetUnread(directory: Directory, app: string, before: Declaration | undefined): void {
  const { groupMappings, roleMappings, organizationMappings } = before ?? {};
  const mappings = [groupMappings, roleMappings, organizationMappings].flatMap((each): IdpGroup[] =>
    Object.values<IdpGroup>(each ?? {}),
  );
  for (const group of directory.groups.values()) {
    if (group.app !== app || mappings.some(mapping => isOf(mapping, group))) continue;
    if (group.gone) group.forgotten = true;
    else if (group.members.size === 0) forget(group);
  }
}

function forget({ counted }: Group): void {
  counted.names.clear();
  counted.externalIds.clear();
}

export function isPushed(app: App, group: Group): boolean {
  const { pushedGroups } = app.document;
  return pushedGroups !== undefined && folded(group.name).startsWith(folded(pushedGroups.prefix ?? ''));
}

/** Everything that being in this group gives. */
export function meaningsOf(app: App, group: Group): Meaning[] {
  const { document } = app;
  const meanings: Meaning[] = [];
  for (const mapping of Object.values(document.groupMappings ?? {}))
    if (isMeant(mapping, group))
      meanings.push({ kind: 'group', organization: organizationName(mapping.organization), target: mapping.group });
  for (const mapping of Object.values(document.roleMappings ?? {}))
    if (isMeant(mapping, group))
      meanings.push(
        mapping.organization === undefined
          ? { kind: 'site-role', organization: '', target: mapping.role }
          : { kind: 'organization-role', organization: organizationName(mapping.organization), target: mapping.role },
      );
  for (const mapping of Object.values(document.organizationMappings ?? {}))
    if (isMeant(mapping, group))
      meanings.push({ kind: 'organization', organization: organizationName(mapping.organization), target: '' });
  if (isPushed(app, group))
    meanings.push({
      kind: 'group',
      organization: organizationName(document.pushedGroups?.organization),
      target: group.name,
    });
  return meanings;
}

export function add(due: Due, { kind, organization, target }: Meaning): void {
  if (kind === 'site-role') {
    if (target !== 'member') due.siteRoles.add(target);
    return;
  }
  due.organizations.add(organization);
  if (kind === 'organization-role') due.organizationRoles.add(`${organization}/${target}`);
  if (kind === 'group') due.groups.add(`${organization}/${target}`);
}

/** What a person is due; undefined when the person is to have no account at all. */
export function dueOf(directory: Directory, person: Person): Due | undefined {
  const app = directory.apps.get(person.app);
  if (app === undefined || !directory.isIn(person)) return undefined;
  const due = nothing();
  let mapped = false;
  for (const group of directory.groups.values()) {
    if (group.app !== person.app || group.gone || !group.members.has(person.key)) continue;
    for (const meaning of meaningsOf(app, group)) {
      mapped = true;
      add(due, meaning);
    }
  }
  return app.document.policies?.['accounts'] === 'mapped' && !mapped ? undefined : due;
}

/** Everything that any declaration in force names. */
export function declared(directory: Directory): Due {
  return named(directory, () => true);
}

/** What the bridge may take from people: a mapping whose group was never there, or never had anybody in it, takes nothing. */
export function managed(directory: Directory): Due {
  return named(directory, (app, mapping) => wasMeant(directory, app, mapping));
}

function named(directory: Directory, counts: (app: App, mapping: IdpGroup) => boolean): Due {
  const due = nothing();
  for (const app of directory.apps.values()) {
    if (app.gone) continue;
    const those = <T extends IdpGroup>(mappings: Readonly<Record<string, T>> | undefined): T[] =>
      Object.values(mappings ?? {}).filter(mapping => counts(app, mapping));
    for (const mapping of those(app.document.groupMappings))
      add(due, { kind: 'group', organization: organizationName(mapping.organization), target: mapping.group });
    for (const mapping of those(app.document.roleMappings))
      add(
        due,
        mapping.organization === undefined
          ? { kind: 'site-role', organization: '', target: mapping.role }
          : { kind: 'organization-role', organization: organizationName(mapping.organization), target: mapping.role },
      );
    for (const mapping of those(app.document.organizationMappings))
      due.organizations.add(organizationName(mapping.organization));
    for (const group of directory.groups.values())
      if (group.app === app.name && !group.gone && isPushed(app, group))
        due.groups.add(`${organizationName(app.document.pushedGroups?.organization)}/${group.name}`);
  }
  return due;
}
