/** The form of a resource that a PATCH is applied to, and back: with what a client may repeat, such as `id`, but never change. */
import { type GroupOfUser, type Resource, etagOf } from '../../store/directory';
import { type RequestContext } from '../http/request-context';
import { type JsonObject, emptyObject } from '../../scim-language/json';
import { renderMeta } from '../../scim-language/schema/render';
import { type ResourceType } from '../../scim-language/schema/resource-type';

/** The document with `id`, `meta`, and the `groups` of a user when they are known. */
export function toPatchable(
  context: RequestContext,
  resource: Resource,
  type: ResourceType,
  groups: readonly GroupOfUser[] = [],
): JsonObject {
  return Object.assign(emptyObject(), resource.document, {
    id: resource.id,
    meta: renderMeta(type, {
      id: resource.id,
      created: new Date(resource.createdAt),
      lastModified: new Date(resource.modifiedAt),
      version: etagOf(resource.version),
      baseUrl: context.baseUrl,
    }),
    ...(groups.length === 0 ? {} : { groups: groups.map(group => renderGroupOfUser(group, context.baseUrl)) }),
  });
}

/** The document that is kept. */
export function fromPatchable(patched: JsonObject): JsonObject {
  const document = Object.assign(emptyObject(), patched);
  delete document.id;
  delete document.meta;
  delete document.groups;
  return document;
}

/** An element of the read-only `groups` of a User. */
export function renderGroupOfUser({ value, display, type }: GroupOfUser, baseUrl: string): JsonObject {
  return { value, $ref: `${baseUrl}/Groups/${encodeURIComponent(value)}`, display, type };
}
