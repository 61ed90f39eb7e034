/** Users in the directory (RFC 7643 §4.1). A PUT without `active` leaves it as it is; a password is accepted and discarded. */
import { type Directory, type Resource, type WriteOptions } from '../../store/directory';
import { type Endpoint, type Precondition } from './endpoint';
import { type Exchange, writeContext } from '../http/request-context';
import { type JsonObject, isJsonObject } from '../../scim-language/json';
import { type ScimLimits } from '../http/limits';
import { applyPatch } from '../../scim-language/patch/apply';
import { type PatchOperation } from '../../scim-language/patch/operation';
import { readPatchBody } from '../../scim-language/patch/read-body';
import { fromPatchable, toPatchable } from './patchable';
import { refuseIfMatched } from '../http/precondition';
import { sameJson } from '../../scim-language/schema/equal';
import { normalizeResource } from '../../scim-language/schema/normalize';
import { userType } from '../../scim-language/schema/resource-types';

export function createUsers(directory: Directory, { maxPatchOperations }: ScimLimits): Endpoint {
  const update = (
    exchange: Exchange,
    id: string,
    { ifNoneMatch, ...options }: Precondition,
    next: (current: Resource) => JsonObject,
  ) =>
    directory.updateUser(
      writeContext(exchange),
      id,
      current => {
        refuseIfMatched(ifNoneMatch, id, current.version);
        const document = next(current);
        return sameJson(document, current.document) ? undefined : document;
      },
      options satisfies WriteOptions,
    );

  return {
    type: userType,
    scopes: { read: 'users:read', write: 'users:write' },
    patchAnswer: dialect => dialect.userPatchAnswer,

    create(exchange, body) {
      const { resource } = normalizeResource(body, userType, exchange.leniency);
      return directory.createUser(writeContext(exchange), resource);
    },

    get: (exchange, id) => directory.getUser(exchange.app, id),

    replace: (exchange, id, body, when) =>
      update(
        exchange,
        id,
        when,
        current => normalizeResource(body, userType, { ...exchange.leniency, existing: current.document }).resource,
      ),

    async patch(exchange, id, body, when) {
      const operations = readPatchBody(body, exchange.leniency, { maxOperations: maxPatchOperations });
      const groups = repeatGroups(operations) ? (await directory.groupsOf(exchange.app, [id])).get(id) : undefined;
      return await update(exchange, id, when, current => {
        const { resource, changed } = applyPatch(toPatchable(exchange, current, userType, groups), operations, {
          ...exchange.leniency,
          type: userType,
          limits: { maxOperations: maxPatchOperations },
        });
        return changed ? fromPatchable(resource) : current.document;
      });
    },

    remove: (exchange, id, { expectedVersions }) =>
      directory.deleteUser(writeContext(exchange), id, expectedVersions === undefined ? {} : { expectedVersions }),
  };
}

/** Whether an operation states `groups` among other attributes: it may repeat them, so they have to be known. */
function repeatGroups(operations: readonly PatchOperation[]): boolean {
  return operations.some(
    ({ path, value }) =>
      path === undefined &&
      isJsonObject(value ?? null) &&
      Object.keys(value ?? {}).some(key => /(?:^|:)groups$/i.test(key)),
  );
}
