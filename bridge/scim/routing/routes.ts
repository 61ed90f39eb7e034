/** The routes of SCIM for who has signed in: one table, whatever way a request takes to them. */
import { type ScimDeps } from '../http/deps';
import { type ScimLimits } from '../http/limits';
import { type Handler } from '../http/scim-request';
import { createBulk } from '../resources/bulk';
import { listResourceTypes, listSchemas, readResourceType, readSchema } from '../resources/discovery';
import { createGroups } from '../resources/groups';
import { createResourceHandlers } from '../resources/resource-handlers';
import { createSearch } from '../resources/search';
import { createUsers } from '../resources/users';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Route {
  /** Below the base URL, with placeholders: `/Users/:id`. */
  readonly path: string;
  readonly handlers: Readonly<Partial<Record<Method, Handler>>>;
  /** It is asked for all the time: worth the shortest way. @default false */
  readonly hot?: boolean;
}

/** In the order in which they are tried. */
export function createRoutes(deps: ScimDeps, limits: ScimLimits): readonly Route[] {
  const users = createUsers(deps.directory, limits);
  const groups = createGroups(deps.directory, limits);
  const search = createSearch(deps.directory, limits);
  // The most used come first.
  const resources = [users, groups].flatMap((endpoint): Route[] => {
    const path = endpoint.type.endpoint;
    const { create, read, replace, patch, remove } = createResourceHandlers(endpoint, deps, limits);
    return [
      { path, hot: true, handlers: { GET: search.query([endpoint]), POST: create } },
      { path: `${path}/.search`, hot: true, handlers: { POST: search.search([endpoint]) } },
      { path: `${path}/:id`, hot: true, handlers: { GET: read, PUT: replace, PATCH: patch, DELETE: remove } },
    ];
  });
  const discovery: Record<string, Handler> = {
    '/Schemas': ({ context, query }) => ({ status: 200, body: listSchemas(context.baseUrl, query) }),
    '/Schemas/:id': ({ context, param }) => ({ status: 200, body: readSchema(context.baseUrl, param('id')) }),
    '/ResourceTypes': ({ context, query }) => ({ status: 200, body: listResourceTypes(context.baseUrl, query) }),
    '/ResourceTypes/:id': ({ context, param }) => ({
      status: 200,
      body: readResourceType(context.baseUrl, param('id')),
    }),
  };
  return [
    ...resources,
    ...Object.entries(discovery).map(([path, GET]): Route => ({ path, handlers: { GET } })),
    { path: '/', handlers: { GET: search.query([users, groups]) } },
    { path: '/.search', handlers: { POST: search.search([users, groups]) } },
    { path: '/Bulk', handlers: { POST: createBulk([users, groups], deps, limits) } },
  ];
}
