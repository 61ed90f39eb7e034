/**
 * Groups in the directory (RFC 7643 §4.2). Members are rows: a PATCH becomes changes of rows and never reads the group's
 * members. A PUT without `members` empties the group, unless the dialect says that it means nothing.
 */
import { type Directory, type GroupChange, type Resource } from '../../store/directory';
import { type Leniency, coerces } from '../../scim-language/dialects/dialect';
import { type JsonObject } from '../../scim-language/json';
import { type Endpoint, type Precondition } from './endpoint';
import { type RequestContext, writeContext } from '../http/request-context';
import { type ScimLimits } from '../http/limits';
import { applyPatch } from '../../scim-language/patch/apply';
import { type MemberChange } from '../../scim-language/patch/operation';
import { readPatchBody } from '../../scim-language/patch/read-body';
import { fromPatchable, toPatchable } from './patchable';
import { refuseIfMatched } from '../http/precondition';
import { sameJson } from '../../scim-language/schema/equal';
import { readingMembersAhead } from '../../scim-language/schema/members';
import { inTurns } from '../../store/database/turns';
import { type NormalizedResource, normalizeResource } from '../../scim-language/schema/normalize';
import { groupType } from '../../scim-language/schema/resource-types';

export function createGroups(directory: Directory, { maxPatchOperations }: ScimLimits): Endpoint {
  const update = (
    context: RequestContext,
    id: string,
    { ifNoneMatch, ...options }: Precondition,
    next: (current: Resource) => Required<GroupChange>,
  ) =>
    directory.updateGroup(
      writeContext(context),
      id,
      current => {
        refuseIfMatched(ifNoneMatch, id, current.version);
        const { document, memberChanges } = next(current);
        const same = sameJson(document, current.document);
        if (same && memberChanges.length === 0) return undefined;
        return { ...(same ? {} : { document }), ...(memberChanges.length === 0 ? {} : { memberChanges }) };
      },
      { ...options, baseUrl: context.baseUrl },
    );

  return {
    name: 'Group',
    type: groupType,
    scopes: { read: 'groups:read', write: 'groups:write' },
    patchAnswer: dialect => dialect.groupPatchAnswer,

    async create(context, body) {
      const { resource, members } = normalizeResource(body, groupType, await lenient(context, body));
      return directory.createGroup(writeContext(context), resource, members ?? []);
    },

    get: (context, id) => directory.getGroup(context.app, id),

    async replace(context, id, body, when) {
      const leniency = await lenient(context, body);
      return await update(context, id, when, current => {
        const stated = normalizeResource(body, groupType, { ...leniency, existing: current.document });
        return { document: stated.resource, memberChanges: replacedMembers(stated, context) };
      });
    },

    async patch(context, id, body, when) {
      const leniency = await lenient(context, body);
      const operations = readPatchBody(body, context.leniency, { maxOperations: maxPatchOperations });
      return await update(context, id, when, current => {
        const { resource, changed, memberChanges } = applyPatch(toPatchable(context, current, groupType), operations, {
          ...leniency,
          type: groupType,
          limits: { maxOperations: maxPatchOperations },
        });
        return { document: changed ? fromPatchable(resource) : current.document, memberChanges };
      });
    },

    remove: (context, id, { ifNoneMatch, ...options }) =>
      directory.deleteGroup(writeContext(context), id, {
        ...options,
        check: ({ version }) => refuseIfMatched(ifNoneMatch, id, version),
      }),
  };
}

/** How the body is to be read. Long lists of members are read here, where others have their turn meanwhile. */
async function lenient({ leniency }: RequestContext, body: JsonObject): Promise<Leniency> {
  const { rowsAttribute } = groupType;
  if (rowsAttribute === undefined) return leniency;
  const ahead = await inTurns(readingMembersAhead(rowsAttribute, body, leniency));
  return ahead.size === 0 ? leniency : { ...leniency, ahead };
}

function replacedMembers({ members }: NormalizedResource, { leniency }: RequestContext): MemberChange[] {
  if (members === undefined) return coerces(leniency, 'keepAbsentMembers', 'members') ? [] : [{ kind: 'removeAll' }];
  return members.length === 0 ? [{ kind: 'removeAll' }] : [{ kind: 'replaceAll', members }];
}
