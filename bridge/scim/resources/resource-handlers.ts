/** POST, GET, PUT, PATCH and DELETE of one resource type (RFC 7644 §3.3 to §3.6). */
import { type IncomingHttpHeaders } from 'node:http';
import { type Resource, type Written, etagOf } from '../../store/directory';
import { type WorkKey } from '../../store/work/enqueue';
import { requireScope } from '../access/authenticate';
import { type ScimDeps } from '../http/deps';
import { type Endpoint, type Precondition } from './endpoint';
import { notFound } from '../../scim-language/errors';
import { type Exchange } from '../http/request-context';
import { type ScimLimits } from '../http/limits';
import { readProjectedQuery } from '../../scim-language/messages/list-request';
import { expectedVersions, isUnmodified } from '../http/precondition';
import { type Projection, readProjection } from '../../scim-language/schema/projection';
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

export function createResourceHandlers(
  endpoint: Endpoint,
  { directory, converge }: ScimDeps,
  { convergeDeadlineMs }: ScimLimits,
): ResourceHandlers {
  const { type, scopes } = endpoint;
  const represent = createRepresent(directory);

  async function settle(keys: readonly WorkKey[]): Promise<void> {
    if (keys.length > 0) await converge(keys, { deadlineMs: convergeDeadlineMs });
  }

  function answer(status: number, exchange: Exchange, resource: Resource, projection: Projection): Answer {
    return {
      status,
      headers: { etag: etagOf(resource.version) },
      body: represent.one(exchange, resource, projection),
    };
  }

  /** Settles a write and gives the resource, or 404. */
  async function settled(written: Written | undefined, id: string): Promise<Resource> {
    if (written === undefined) throw notFound(type.name, id);
    await settle(written.touched);
    return written.resource;
  }

  return {
    create: async ({ exchange, query, body }) => {
      requireScope(exchange.caller, scopes.write);
      const projection = readProjection(type, readProjectedQuery(query), exchange.leniency);
      const written = await endpoint.create(exchange, await body());
      await settle(written.touched);
      const created = answer(201, exchange, written.resource, projection);
      return {
        ...created,
        headers: { ...created.headers, location: locationOf(exchange, endpoint, written.resource.id) },
      };
    },

    read: async ({ exchange, query, headers, param }) => {
      requireScope(exchange.caller, scopes.read);
      const projection = readProjection(type, readProjectedQuery(query), exchange.leniency);
      const resource = await endpoint.get(exchange, param('id'));
      if (resource === undefined) throw notFound(type.name, param('id'));
      if (isUnmodified(headers, resource.version)) {
        return { status: 304, headers: { etag: etagOf(resource.version) } };
      }
      return answer(200, exchange, resource, projection);
    },

    replace: async ({ exchange, query, headers, param, body }) => {
      requireScope(exchange.caller, scopes.write);
      const projection = readProjection(type, readProjectedQuery(query), exchange.leniency);
      const written = await endpoint.replace(exchange, param('id'), await body(), preconditionOf(headers));
      return answer(200, exchange, await settled(written, param('id')), projection);
    },

    patch: async ({ exchange, query, headers, param, body }) => {
      requireScope(exchange.caller, scopes.write);
      const projected = readProjectedQuery(query);
      const projection = readProjection(type, projected, exchange.leniency);
      const written = await endpoint.patch(exchange, param('id'), await body(), preconditionOf(headers));
      const resource = await settled(written, param('id'));
      // RFC 7644 §3.5.2: with `attributes` in the query the answer is 200 and the resource.
      if (projected.attributes === undefined && endpoint.patchAnswer(exchange.dialect) === 204) {
        return { status: 204, headers: { etag: etagOf(resource.version) } };
      }
      return answer(200, exchange, resource, projection);
    },

    remove: async ({ exchange, headers, param }) => {
      requireScope(exchange.caller, scopes.write);
      const deleted = await endpoint.remove(exchange, param('id'), preconditionOf(headers));
      if (deleted === undefined) throw notFound(type.name, param('id'));
      await settle(deleted.touched);
      return { status: 204 };
    },
  };
}

/** URL of a resource, as in `meta.location`. */
export function locationOf(exchange: Exchange, { type }: Endpoint, id: string): string {
  return `${exchange.baseUrl}${type.endpoint}/${encodeURIComponent(id)}`;
}

function preconditionOf(headers: IncomingHttpHeaders): Precondition {
  const versions = expectedVersions(headers['if-match']);
  return {
    ...(versions === undefined ? {} : { expectedVersions: versions }),
    ...(headers['if-none-match'] === undefined ? {} : { ifNoneMatch: headers['if-none-match'] }),
  };
}
