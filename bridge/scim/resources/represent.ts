/**
 * Resources as JSON text: the document projected to what was asked for, members of groups read only when they are wanted and
 * written piece by piece, so that memory stays bounded whatever the size of a group.
 */
import { type Directory, type GroupOfUser, type Member, type Resource, etagOf } from '../../store/directory';
import { type RequestContext } from '../http/request-context';
import { type Json, type JsonObject } from '../../scim-language/json';
import { renderGroupOfUser } from './patchable';
import { type Projection, projectResource, projectRow, wantsAttribute } from '../../scim-language/schema/projection';
import { renderResource } from '../../scim-language/schema/render';
import { type ResourceType } from '../../scim-language/schema/resource-type';
import { groupType, userType } from '../../scim-language/schema/resource-types';

/** What resources of each type are to show. */
export type Projections = Readonly<Record<Resource['type'], Projection>>;

/** Pieces of JSON text, one resource after the other, each told to be first of its resource or not. */
export interface Represent {
  /** One resource; a user who was just made is in no group yet, and is not looked for in any. */
  one(context: RequestContext, resource: Resource, projection: Projection, justMade?: boolean): AsyncIterable<string>;
  /** The resources of a page, separated by commas. */
  page(context: RequestContext, resources: readonly Resource[], projections: Projections): AsyncIterable<string>;
}

const NO_MEMBERSHIPS: ReadonlyMap<string, readonly GroupOfUser[]> = new Map();

export function createRepresent(directory: Directory): Represent {
  async function* page(
    context: RequestContext,
    resources: readonly Resource[],
    projections: Projections,
    justMade = false,
  ) {
    const memberships = justMade ? NO_MEMBERSHIPS : await membershipsOf(context.app, resources, projections.User);
    const members = wantsMembers(projections.Group) ? readersOfMembers(context.app, resources) : undefined;
    let separator = '';
    try {
      for (const resource of resources) {
        yield separator;
        separator = ',';
        if (resource.type === 'User') {
          yield JSON.stringify(userOf(context, resource, memberships.get(resource.id) ?? [], projections.User));
        } else {
          yield* groupOf(context, resource, members?.of(resource.id), projections.Group);
        }
      }
    } finally {
      await members?.close();
    }
  }

  async function membershipsOf(app: string, resources: readonly Resource[], projection: Projection) {
    const groups = userType.attributes.get('groups');
    const ids = resources.filter(({ type }) => type === 'User').map(({ id }) => id);
    if (ids.length === 0 || groups === undefined || !wantsAttribute(projection, groups)) {
      return NO_MEMBERSHIPS;
    }
    return await directory.groupsOf(app, ids);
  }

  /** The members of each group of the page; groups are to be asked for in the order of the page. */
  function readersOfMembers(app: string, resources: readonly Resource[]): MembersOfPage {
    const ids = resources.filter(({ type }) => type === 'Group').map(({ id }) => id);
    const inOrder = ids.every((id, index) => index === 0 || (ids[index - 1] ?? '') < id);
    return inOrder
      ? splitByGroup(directory.membersOf(app, ids))
      : { of: id => directory.membersOf(app, [id]), close: () => Promise.resolve() };
  }

  return {
    page,
    one: (context, resource, projection, justMade) =>
      page(context, [resource], { User: projection, Group: projection }, justMade),
  };
}

interface MembersOfPage {
  of(groupId: string): AsyncIterable<readonly Member[]>;
  close(): Promise<void>;
}

/** Hands out members that come ordered by group, to readers that come in the same order. */
function splitByGroup(members: AsyncIterable<readonly Member[]>): MembersOfPage {
  const chunks = members[Symbol.asyncIterator]();
  let rest: readonly Member[] = [];
  async function* of(groupId: string): AsyncGenerator<readonly Member[]> {
    for (;;) {
      if (rest.length === 0) {
        const next = await chunks.next();
        if (next.done) return;
        rest = next.value;
      }
      const end = rest.findIndex(member => member.groupId !== groupId);
      const own = end === -1 ? rest : rest.slice(0, end);
      rest = end === -1 ? [] : rest.slice(end);
      if (own.length > 0) yield own;
      if (rest.length > 0) return;
    }
  }
  return {
    of,
    close: async () => {
      await chunks.return?.();
    },
  };
}

function wantsMembers(projection: Projection): boolean {
  return groupType.rowsAttribute !== undefined && wantsAttribute(projection, groupType.rowsAttribute);
}

/** The resource as a client sees it, without what is kept as rows. */
function renderedResource(context: RequestContext, resource: Resource, type: ResourceType): JsonObject {
  return renderResource(resource.document, type, {
    id: resource.id,
    created: new Date(resource.createdAt),
    lastModified: new Date(resource.modifiedAt),
    version: etagOf(resource.version),
    baseUrl: context.baseUrl,
  });
}

function userOf(
  context: RequestContext,
  resource: Resource,
  memberships: readonly GroupOfUser[],
  projection: Projection,
): JsonObject {
  const user = renderedResource(context, resource, userType);
  if (memberships.length > 0) {
    user.groups = memberships.map(group => renderGroupOfUser(group, context.baseUrl));
  }
  return projectResource(user, userType, projection);
}

async function* groupOf(
  context: RequestContext,
  resource: Resource,
  members: AsyncIterable<readonly Member[]> | undefined,
  projection: Projection,
): AsyncIterable<string> {
  const group = JSON.stringify(projectResource(renderedResource(context, resource, groupType), groupType, projection));
  if (members === undefined) {
    yield group;
    return;
  }
  let before = `${group.slice(0, -1)},"members":[`;
  let isEmpty = true;
  for await (const chunk of members) {
    isEmpty &&= chunk.length === 0;
    const shown = chunk.flatMap(member => projectRow(memberOf(context, member), projection) ?? []);
    if (shown.length === 0) continue;
    yield before + shown.map(row => JSON.stringify(row)).join(',');
    before = ',';
  }
  if (before === ',') yield ']}';
  // Some clients take an absent list for an unknown one, so an empty group states its empty list. One of which nothing is shown does not.
  else yield isEmpty ? `${before}]}` : group;
}

function memberOf(context: RequestContext, { value, type, display }: Member): JsonObject {
  const member: Record<string, Json> = {
    value,
    $ref: `${context.baseUrl}/${type}s/${encodeURIComponent(value)}`,
    type,
  };
  if (display !== undefined) member.display = display;
  return member;
}
