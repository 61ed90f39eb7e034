/** POST, GET, PUT, PATCH and DELETE of one resource type (RFC 7644 §3.3 to §3.6). */
import { type IncomingHttpHeaders } from 'node:http';
import { type Resource, type Written, etagOf } from '../../store/directory';
import { requireScope } from '../access/authenticate';
import { type ScimDeps } from '../http/deps';
import { type Endpoint, type Precondition } from './endpoint';
import { notFound } from '../../scim-language/errors';
import { type RequestContext } from '../http/request-context';
import { type ScimLimits } from '../http/limits';
import { readProjectedQuery } from '../../scim-language/messages/list-request';
import { expectedVersions, isUnmodified } from '../http/precondition';
import { type Projection, readProjection, wantsAttribute } from '../../scim-language/schema/projection';
import { userType } from '../../scim-language/schema/resource-types';
import { createNoteRefused } from './note-refused';
import { isUnreadable, toScimError } from './refusals';
import { createRepresent } from './represent';
import { type Answer } from '../http/respond';
import { type Handler } from '../http/scim-request';

export interface ResourceHandlers {
  readonly create: Handler;
  readonly read: Handler;
  readonly replace: Handler;
  readonly patch: Handler;
  readonly remove: Handler;
}

/** Of a resource that the caller may not read: what names it. */
const HANDLE = ['schemas', 'id', 'meta'] as const;

/** And what a body that states the whole resource stated, of what clients look for in the answer. */
const AS_STATED = [...HANDLE, 'externalId', 'userName', 'displayName'] as const;

type ProjectedNames = Parameters<typeof readProjection>[1];

/** Groups of a user are rows of the groups: they change without a new version of the user, so that nobody who keeps them is told 304. */
const GROUPS_OF_USER = userType.attributes.get('groups');
const showsGroupsOfUser = (projection: Projection): boolean =>
  projection.type === userType && GROUPS_OF_USER !== undefined && wantsAttribute(projection, GROUPS_OF_USER);

export function createResourceHandlers(
  endpoint: Endpoint,
  deps: ScimDeps,
  { convergeDeadlineMs }: ScimLimits,
): ResourceHandlers {
  const { directory, converge } = deps;
  const { type, scopes } = endpoint;
  const noteRefused = createNoteRefused(deps);
  const represent = createRepresent(directory);

  /** Everything that a write touched is dealt with, and the write is on the disk, before it is answered. */
  async function settle({
    touched,
    claimed,
    durable,
  }: Pick<Written, 'touched' | 'claimed' | 'durable'>): Promise<void> {
    if (touched.length > 0) await converge(touched, { deadlineMs: convergeDeadlineMs, claimed });
    await durable();
  }

  const settling = (context: RequestContext): RequestContext => ({ ...context, settles: true });

  function answer(status: 200 | 201, context: RequestContext, resource: Resource, projection: Projection): Answer {
    return {
      status,
      headers: { etag: etagOf(resource.version) },
      body: represent.one(context, resource, projection, status === 201),
    };
  }

  const mayRead = ({ caller }: RequestContext): boolean => caller.token.scopes.includes(scopes.read);

  /**
   * What the answer to a write shows: to who may not read no more than what was stated, and what a client needs to go on. A PATCH
   * states next to nothing of a resource, and one that changes nothing would show it all.
   */
  function shownTo(context: RequestContext, names: ProjectedNames, handle: readonly string[]): Projection {
    const asked = readProjection(type, names, context.leniency);
    return mayRead(context) ? asked : readProjection(type, { attributes: handle });
  }

  /** Settles a write and gives the resource, or 404. */
  async function settled(context: RequestContext, written: Written | undefined, id: string): Promise<Resource> {
    if (written === undefined) throw notFound(type.name, id);
    if (written.changed) context.changes.push(`${type.name} ${id} changed`);
    await settle(written);
    return written.resource;
  }

  /** The handler, and a note of whoever would have been locked out when it refuses. */
  function watched(method: string, handler: Handler): Handler {
    return async request => {
      try {
        return await handler(request);
      } catch (cause) {
        const { context, param, received } = request;
        const error = toScimError(cause, context.requestId);
        const id = method === 'POST' ? undefined : param('id');
        const body = await received();
        const unread = body === undefined && isUnreadable(error);
        await noteRefused(context, { method, type: endpoint.name, id, body, unread }, error);
        throw cause;
      }
    };
  }

  const handlers: ResourceHandlers = {
    create: async ({ context, query, body }) => {
      requireScope(context.caller, scopes.write);
      const projection = shownTo(context, readProjectedQuery(query), AS_STATED);
      const written = await endpoint.create(settling(context), await body());
      context.changes.push(`${type.name} ${written.resource.id} made`);
      await settle(written);
      const created = answer(201, context, written.resource, projection);
      return {
        ...created,
        headers: { ...created.headers, location: locationOf(context, endpoint, written.resource.id) },
      };
    },

    read: async ({ context, query, headers, param }) => {
      requireScope(context.caller, scopes.read);
      const projection = readProjection(type, readProjectedQuery(query), context.leniency);
      const resource = await endpoint.get(context, param('id'));
      if (resource === undefined) throw notFound(type.name, param('id'));
      if (!showsGroupsOfUser(projection) && isUnmodified(headers, resource.version)) {
        return { status: 304, headers: { etag: etagOf(resource.version) } };
      }
      return answer(200, context, resource, projection);
    },

    replace: async ({ context, query, headers, param, body }) => {
      requireScope(context.caller, scopes.write);
      const projection = shownTo(context, readProjectedQuery(query), AS_STATED);
      const written = await endpoint.replace(settling(context), param('id'), await body(), preconditionOf(headers));
      return answer(200, context, await settled(context, written, param('id')), projection);
    },

    patch: async ({ context, query, headers, param, body }) => {
      requireScope(context.caller, scopes.write);
      const projected = readProjectedQuery(query);
      const projection = shownTo(context, projected, HANDLE);
      const written = await endpoint.patch(settling(context), param('id'), await body(), preconditionOf(headers));
      const resource = await settled(context, written, param('id'));
      // RFC 7644 §3.5.2: with `attributes` in the query the answer is 200 and the resource.
      if (projected.attributes === undefined && endpoint.patchAnswer(context.dialect) === 204) {
        return { status: 204, headers: { etag: etagOf(resource.version) } };
      }
      return answer(200, context, resource, projection);
    },

    remove: async ({ context, headers, param }) => {
      requireScope(context.caller, scopes.write);
      const deleted = await endpoint.remove(settling(context), param('id'), preconditionOf(headers));
      if (deleted === undefined) {
        // Gone by an earlier request, which may not have had its answer: who asks again learns it when it is done.
        // Not somebody of another app: how long that takes is nobody's business here.
        if (endpoint.name === 'User' && (await directory.wasUser(context.app, param('id'))))
          await converge([`person:${param('id')}`], { deadlineMs: convergeDeadlineMs });
        throw notFound(type.name, param('id'));
      }
      context.changes.push(`${type.name} ${deleted.resource.id} deleted`);
      await settle(deleted);
      return { status: 204 };
    },
  };
  return {
    create: watched('POST', handlers.create),
    read: handlers.read,
    replace: watched('PUT', handlers.replace),
    patch: watched('PATCH', handlers.patch),
    remove: watched('DELETE', handlers.remove),
  };
}

/** URL of a resource, as in `meta.location`. */
export function locationOf(context: RequestContext, { type }: Endpoint, id: string): string {
  return `${context.baseUrl}${type.endpoint}/${encodeURIComponent(id)}`;
}

function preconditionOf(headers: IncomingHttpHeaders): Precondition {
  const versions = expectedVersions(headers['if-match']);
  return {
    ...(versions === undefined ? {} : { expectedVersions: versions }),
    ...(headers['if-none-match'] === undefined ? {} : { ifNoneMatch: headers['if-none-match'] }),
  };
}
