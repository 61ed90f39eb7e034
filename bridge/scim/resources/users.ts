/** Users in the directory (RFC 7643 §4.1). A PUT without `active` leaves it as it is; a password is accepted and discarded. */
import { type Directory, type Resource, type WriteOptions } from '../../store/directory';
import { type Endpoint, type Precondition } from './endpoint';
import { type RequestContext, writeContext } from '../http/request-context';
import { type JsonObject, isJsonObject } from '../../scim-language/json';
import { type ScimLimits } from '../http/limits';
import { applyPatch } from '../../scim-language/patch/apply';
import { type PatchOperation } from '../../scim-language/patch/operation';
import { readPatchBody } from '../../scim-language/patch/read-body';
import { saysActive } from './leaving';
import { fromPatchable, toPatchable } from './patchable';
import { refuseIfMatched } from '../http/precondition';
import { sameJson } from '../../scim-language/schema/equal';
import { normalizeResource, withDefaults } from '../../scim-language/schema/normalize';
import { userType } from '../../scim-language/schema/resource-types';

export function createUsers(directory: Directory, { maxPatchOperations }: ScimLimits): Endpoint {
  const update = (
    context: RequestContext,
    id: string,
    { ifNoneMatch, ...options }: Precondition,
    next: (current: Resource) => JsonObject,
  ) =>
    directory.updateUser(
      writeContext(context),
      id,
      current => {
        refuseIfMatched(ifNoneMatch, id, current.version);
        const document = next(current);
        return sameJson(document, current.document) ? undefined : document;
      },
      options satisfies WriteOptions,
    );

  return {
    name: 'User',
    type: userType,
    scopes: { read: 'users:read', write: 'users:write' },
    patchAnswer: dialect => dialect.userPatchAnswer,

    create(context, body) {
      const { resource } = normalizeResource(body, userType, context.leniency);
      return directory.createUser(writeContext(context), withDefaults(resource, userType));
    },

    get: (context, id) => directory.getUser(context.app, id),

    replace: (context, id, body, when) =>
      update(
        context,
        id,
        { ...when, statesActive: saysActive(body) },
        current => normalizeResource(body, userType, { ...context.leniency, existing: current.document }).resource,
      ),

    async patch(context, id, body, when) {
      const operations = readPatchBody(body, context.leniency, { maxOperations: maxPatchOperations });
      const groups = statesGroups(operations) ? (await directory.groupsOf(context.app, [id])).get(id) : undefined;
      return await update(context, id, { ...when, statesActive: saysActive(body) }, current => {
        const { resource, changed } = applyPatch(toPatchable(context, current, userType, groups), operations, {
          ...context.leniency,
          type: userType,
          limits: { maxOperations: maxPatchOperations },
        });
        return changed ? fromPatchable(resource) : current.document;
      });
    },

    remove: (context, id, { ifNoneMatch, ...options }) =>
      directory.deleteUser(writeContext(context), id, {
        ...options,
        check: ({ version }) => refuseIfMatched(ifNoneMatch, id, version),
      }),
  };
}

/** Whether an operation states `groups`, alone or among other attributes: it may repeat them, so they have to be known. */
function statesGroups(operations: readonly PatchOperation[]): boolean {
  return operations.some(({ path, value }) =>
    path === undefined
      ? isJsonObject(value ?? null) && Object.keys(value ?? {}).some(key => /(?:^|:)groups$/i.test(key))
      : /(?:^|:)groups$/i.test(path),
  );
}
