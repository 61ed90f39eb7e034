/** Settings of group, role and organization sync. Nobody checks what a mapping points at; neither does this. */
import { Refusal, forbidden, ok, type Answer } from '../http/answer';
import { differences, type Diff } from '../audit/diff';
import { badJson, parseUuidIn, pick, readBody } from '../http/body';
import { type Call, type Route } from '../http/call';
import { type ClaimMapping, type GroupSync, type Organization, type RoleSync, type User } from '../state/entities';
import { findOrganization } from '../state/find';
import { type World } from '../world';

/** Settings have no id of their own; rows about them have this one. */
const SETTINGS_ID = '5bb8f0b5-9e4d-4f0b-8b53-0c8c8c3f8f3b';

const GROUP_SYNC = {
  field: 'string',
  mapping: 'object',
  regex_filter: 'string',
  auto_create_missing_groups: 'boolean',
  legacy_group_name_mapping: 'object',
} as const;

function anyString(value: string): string {
  return value;
}

function readMapping(source: Record<string, unknown> | undefined, readTarget: (value: string) => string): ClaimMapping {
  const entries = Object.entries(source ?? {}).map(([claim, targets]): [string, string[] | null] => {
    if (targets === null) return [claim, null];
    if (!Array.isArray(targets)) throw badJson('json: cannot unmarshal into Go struct field mapping');
    return [
      claim,
      targets.map(target => {
        if (typeof target !== 'string')
          throw badJson('json: cannot unmarshal into Go struct field mapping of type string');
        return readTarget(target);
      }),
    ];
  });
  return Object.fromEntries(entries);
}

function readRegex(source: string | undefined): string | null {
  if (source === undefined) return null;
  try {
    new RegExp(source, 'u');
  } catch (problem) {
    throw badJson(`error parsing regexp: ${problem instanceof Error ? problem.message : String(problem)}`);
  }
  return source;
}

/** Applies `{Add, Remove}`: an empty list becomes null on the way, and a removal of what isn't there adds the claim with null. */
function changeMapping(call: Call, mapping: ClaimMapping, readTarget: (value: string) => string): ClaimMapping {
  const body = readBody(call.body, { Add: 'objects', Remove: 'objects' });
  const pairs = (list: Record<string, unknown>[] | undefined) =>
    (list ?? []).map(entry => {
      const { Given = '', Gets = '' } = pick(entry, { Given: 'string', Gets: 'string' });
      return { claim: Given, target: readTarget(Gets) };
    });
  const changed: ClaimMapping = {};
  for (const [claim, targets] of Object.entries(mapping)) changed[claim] = targets?.length ? [...targets] : null;
  for (const { claim, target } of pairs(body.Add)) {
    const targets = changed[claim] ?? [];
    changed[claim] = targets.includes(target) ? targets : [...targets, target];
  }
  for (const { claim, target } of pairs(body.Remove)) {
    changed[claim] = changed[claim]?.filter(kept => kept !== target) ?? null;
  }
  return changed;
}

export function idpSyncRoutes({ state, audit }: World): Route[] {
  const permitted = (call: Call, action: 'read' | 'update', organization?: Organization): void => {
    if (!call.access.can('idpsync_settings', action, organization)) throw forbidden();
  };
  const organizationOf = (call: Call, action: 'read' | 'update'): Organization => {
    const organization = findOrganization(state, call);
    permitted(call, action, organization);
    return organization;
  };
  const record = (call: Call, kind: string, target: string, diff: Diff, organization?: Organization) =>
    audit.record(call, {
      type: `idp_sync_settings_${kind}`,
      id: SETTINGS_ID,
      target,
      action: 'write',
      ...(organization && { organization }),
      diff,
    });
  /** Settings of an organization that were written before; those that never were have no mapping at all. */
  const written = new WeakSet<GroupSync | RoleSync>();
  const mappingBefore = (sync: GroupSync | RoleSync): ClaimMapping | undefined => {
    const before = written.has(sync) || Object.keys(sync.mapping).length > 0 ? sync.mapping : undefined;
    written.add(sync);
    return before;
  };

  const groupView = ({ groupSync }: Organization): Answer =>
    ok({
      field: groupSync.field,
      // By the source of Coder, as all of the legacy names is: nobody has recorded a server that was started with them.
      mapping: groupSync.legacyNames === undefined ? groupSync.mapping : null,
      regex_filter: groupSync.regexFilter,
      auto_create_missing_groups: groupSync.autoCreate,
      ...(groupSync.legacyNames !== undefined && { legacy_group_name_mapping: groupSync.legacyNames }),
    });
  const roleView = ({ roleSync }: Organization): Answer => ok(roleSync);
  const organizationSyncView = (): Answer => {
    const { field, mapping, assignDefault } = state.organizationSync;
    return ok({ field, mapping, organization_assign_default: assignDefault });
  };

  const writeGroups = (part: 'all' | 'config' | 'mapping') => (call: Call) => {
    const organization = organizationOf(call, 'update');
    const sync = organization.groupSync;
    const before = { ...sync, mapping: mappingBefore(sync) };
    if (part === 'mapping') sync.mapping = changeMapping(call, sync.mapping, parseUuidIn);
    else {
      const body = readBody(call.body, GROUP_SYNC);
      const regexFilter = readRegex(body.regex_filter);
      const mapping = part === 'all' ? readMapping(body.mapping, parseUuidIn) : sync.mapping;
      if (Object.keys(body.legacy_group_name_mapping ?? {}).length > 0) {
        throw new Refusal(
          400,
          "Unexpected field 'legacy_group_name_mapping'. Field not allowed, set to null or remove it.",
          {
            detail: 'legacy_group_name_mapping is deprecated, use mapping instead',
            validations: [{ field: 'legacy_group_name_mapping', detail: 'field is not allowed' }],
          },
        );
      }
      Object.assign(sync, {
        field: body.field ?? '',
        mapping,
        regexFilter,
        autoCreate: body.auto_create_missing_groups ?? false,
      });
    }
    delete sync.legacyNames;
    const diff = differences({
      field: [before.field, sync.field],
      mapping: [before.mapping, sync.mapping],
      regex_filter: [before.regexFilter, sync.regexFilter],
      auto_create_missing_groups: [before.autoCreate, sync.autoCreate],
    });
    record(call, 'group', 'Organization Group Sync', diff, organization);
    return groupView(organization);
  };

  const writeRoles = (part: 'all' | 'config' | 'mapping') => (call: Call) => {
    const organization = organizationOf(call, 'update');
    const sync = organization.roleSync;
    const before = { ...sync, mapping: mappingBefore(sync) };
    if (part === 'mapping') sync.mapping = changeMapping(call, sync.mapping, anyString);
    else {
      const body = readBody(call.body, { field: 'string', mapping: 'object' });
      if (part === 'all') sync.mapping = readMapping(body.mapping, anyString);
      sync.field = body.field ?? '';
    }
    const diff = differences({ field: [before.field, sync.field], mapping: [before.mapping, sync.mapping] });
    record(call, 'role', 'Organization Role Sync', diff, organization);
    return roleView(organization);
  };

  const writeOrganizations = (part: 'all' | 'config' | 'mapping') => (call: Call) => {
    permitted(call, 'update');
    const sync = state.organizationSync;
    const before = { ...sync };
    if (part === 'mapping') sync.mapping = changeMapping(call, sync.mapping, parseUuidIn);
    else {
      const shape = {
        field: 'string',
        mapping: 'object',
        organization_assign_default: 'boolean',
        assign_default: 'boolean',
      } as const;
      const body = readBody(call.body, shape);
      if (part === 'all') sync.mapping = readMapping(body.mapping, parseUuidIn);
      sync.field = body.field ?? '';
      sync.assignDefault = (part === 'all' ? body.organization_assign_default : body.assign_default) ?? false;
    }
    const diff = differences({
      field: [before.field, sync.field],
      mapping: [before.mapping, sync.mapping],
      assign_default: [before.assignDefault, sync.assignDefault],
    });
    record(call, 'organization', 'Organization Sync', diff);
    return organizationSyncView();
  };

  const seenBy = (call: Call): User[] => {
    if (call.params.organization === undefined) {
      permitted(call, 'read');
      return [...state.directory];
    }
    return [...organizationOf(call, 'read').members];
  };
  const fields = (call: Call): Answer => {
    const seen = [...new Set(seenBy(call).flatMap(user => Object.keys(user.claims ?? {})))];
    return ok(seen.length === 0 ? null : seen);
  };
  const values = (call: Call): Answer => {
    const field = call.query.get('claimField') ?? '';
    const seen = seenBy(call).flatMap(user => user.claims?.[field] ?? []);
    return ok([...new Set(seen.map(value => (typeof value === 'string' ? value : JSON.stringify(value))))].sort());
  };

  const ofOrganization = '/organizations/:organization/settings/idpsync';
  const ofDeployment = '/settings/idpsync';
  const settings = (path: string, read: Route['handle'], write: typeof writeGroups): Route[] => [
    { method: 'GET', path, handle: read },
    { method: 'PATCH', path, handle: write('all') },
    { method: 'PATCH', path: `${path}/config`, handle: write('config') },
    { method: 'PATCH', path: `${path}/mapping`, handle: write('mapping') },
  ];
  return [
    ...settings(`${ofOrganization}/groups`, call => groupView(organizationOf(call, 'read')), writeGroups),
    ...settings(`${ofOrganization}/roles`, call => roleView(organizationOf(call, 'read')), writeRoles),
    ...settings(
      `${ofDeployment}/organization`,
      call => {
        permitted(call, 'read');
        return organizationSyncView();
      },
      writeOrganizations,
    ),
    ...[ofOrganization, ofDeployment].flatMap((path): Route[] => [
      { method: 'GET', path: `${path}/available-fields`, handle: fields },
      { method: 'GET', path: `${path}/field-values`, handle: values },
    ]),
  ];
}
