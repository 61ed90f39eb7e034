/**
 * Groups in the directory (RFC 7643 §4.2). Members are rows: a PATCH becomes changes of rows and never reads the group's
 * members. A PUT without `members` empties the group, unless the dialect says that it means nothing.
 */
import { type Directory, type GroupChange, type Resource } from '../../store/directory';
import { coerces } from '../../scim-language/dialects/dialect';
import { type Endpoint, type Precondition } from './endpoint';
import { type Exchange, writeContext } from '../http/request-context';
import { type ScimLimits } from '../http/limits';
import { applyPatch } from '../../scim-language/patch/apply';
import { type MemberChange } from '../../scim-language/patch/operation';
import { readPatchBody } from '../../scim-language/patch/read-body';
import { fromPatchable, toPatchable } from './patchable';
import { refuseIfMatched } from '../http/precondition';
import { sameJson } from '../../scim-language/schema/equal';
import { type NormalizedResource, normalizeResource } from '../../scim-language/schema/normalize';
import { groupType } from '../../scim-language/schema/resource-types';

export function createGroups(directory: Directory, { maxPatchOperations }: ScimLimits): Endpoint {
  const update = (
    exchange: Exchange,
    id: string,
    { ifNoneMatch, ...options }: Precondition,
    next: (current: Resource) => Required<GroupChange>,
  ) =>
    directory.updateGroup(
      writeContext(exchange),
      id,
      current => {
        refuseIfMatched(ifNoneMatch, id, current.version);
        const { document, memberChanges } = next(current);
        const same = sameJson(document, current.document);
        if (same && memberChanges.length === 0) return undefined;
        return { ...(same ? {} : { document }), ...(memberChanges.length === 0 ? {} : { memberChanges }) };
      },
      { ...options, baseUrl: exchange.baseUrl },
    );

  return {
    type: groupType,
    scopes: { read: 'groups:read', write: 'groups:write' },
    patchAnswer: dialect => dialect.groupPatchAnswer,

    create(exchange, body) {
      const { resource, members } = normalizeResource(body, groupType, exchange.leniency);
      return directory.createGroup(writeContext(exchange), resource, members ?? []);
    },

    get: (exchange, id) => directory.getGroup(exchange.app, id),

    replace: (exchange, id, body, when) =>
      update(exchange, id, when, current => {
        const stated = normalizeResource(body, groupType, { ...exchange.leniency, existing: current.document });
        return { document: stated.resource, memberChanges: replacedMembers(stated, exchange) };
      }),

    patch(exchange, id, body, when) {
      const operations = readPatchBody(body, exchange.leniency, { maxOperations: maxPatchOperations });
      return update(exchange, id, when, current => {
        const { resource, changed, memberChanges } = applyPatch(toPatchable(exchange, current, groupType), operations, {
          ...exchange.leniency,
          type: groupType,
          limits: { maxOperations: maxPatchOperations },
        });
        return { document: changed ? fromPatchable(resource) : current.document, memberChanges };
      });
    },

    remove: (exchange, id, { expectedVersions }) =>
      directory.deleteGroup(writeContext(exchange), id, expectedVersions === undefined ? {} : { expectedVersions }),
  };
}

function replacedMembers({ members }: NormalizedResource, { leniency }: Exchange): MemberChange[] {
  if (members === undefined) return coerces(leniency, 'keepAbsentMembers', 'members') ? [] : [{ kind: 'removeAll' }];
  return members.length === 0 ? [{ kind: 'removeAll' }] : [{ kind: 'replaceAll', members }];
}
