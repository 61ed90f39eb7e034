/**
 * Lists: GET of an endpoint or of the root with a query string (RFC 7644 §3.4.2), and POST of `.search` (§3.4.3). Pages by index,
 * and by cursor where the request states one (RFC 9865).
 */
import { type CursorPage, type Directory, type IndexPage, type Selection } from '../../store/directory';
import { requireScope } from '../access/authenticate';
import { type Endpoint } from './endpoint';
import { invalidValue } from '../../scim-language/errors';
import { type RequestContext } from '../http/request-context';
import { parseFilter } from '../../scim-language/filter/parser';
import { type ScimLimits } from '../http/limits';
import { type ListRequest, readListQuery, readSearchRequest } from '../../scim-language/messages/list-request';
import { type ListFacts, listHead } from '../../scim-language/messages/list-response';
import { readProjection } from '../../scim-language/schema/projection';
import { type Projections, createRepresent } from './represent';
import { type Answer } from '../http/respond';
import { type Handler } from '../http/scim-request';
import { type AttributePath, target } from '../../scim-language/schema/attribute';
import { findAttribute } from '../../scim-language/schema/look-up';

export interface Search {
  /** GET with a query string. */
  query(endpoints: readonly Endpoint[]): Handler;
  /** POST of a SearchRequest. */
  search(endpoints: readonly Endpoint[]): Handler;
}

export function createSearch(directory: Directory, limits: ScimLimits): Search {
  const represent = createRepresent(directory);

  async function list(context: RequestContext, endpoints: readonly Endpoint[], request: ListRequest): Promise<Answer> {
    const readable = readableOf(context, endpoints);
    const projections = projectionsOf(context, readable, request);
    const selections = selectionsOf(context, readable, request);
    const count = Math.min(request.count ?? limits.defaultPageSize, limits.maxPageSize);
    const asked = { selections, sortOrder: request.sortOrder, baseUrl: context.baseUrl, count };
    if (request.cursor === undefined) {
      const startIndex = request.startIndex ?? 1;
      const page = await directory.list(context.app, { ...asked, startIndex });
      return respond(context, page, projections, { startIndex });
    }
    const page = await directory.listByCursor(context.app, {
      ...asked,
      cursor: request.cursor,
      countStated: request.count !== undefined,
      subject: context.caller.token.name,
      queryText: JSON.stringify([
        readable.map(({ type }) => type.name),
        request.filter ?? null,
        request.sortBy ?? null,
        request.sortOrder,
      ]),
    });
    return respond(context, page, projections, cursorsOf(page));
  }

  function respond(
    context: RequestContext,
    { totalResults, resources }: IndexPage,
    projections: Projections,
    facts: Partial<ListFacts>,
  ): Answer {
    const head = listHead({ totalResults, ...facts, itemsPerPage: resources.length });
    async function* body() {
      yield `${JSON.stringify(head).slice(0, -1)},"Resources":[`;
      yield* represent.page(context, resources, projections);
      yield ']}';
    }
    return { status: 200, body: body() };
  }

  return {
    query:
      endpoints =>
      ({ context, query }) =>
        list(context, endpoints, readListQuery(query)),
    search:
      endpoints =>
      async ({ context, body }) => {
        readableOf(context, endpoints);
        return list(context, endpoints, readSearchRequest(await body()));
      },
  };
}

/** The types that the token may read: all that are asked for, or for the root those that it may. */
function readableOf(context: RequestContext, endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const readable = endpoints.filter(({ scopes }) => context.caller.token.scopes.includes(scopes.read));
  const [first] = endpoints;
  if (readable.length === 0 && first !== undefined) requireScope(context.caller, first.scopes.read);
  return readable;
}

function cursorsOf({ nextCursor, previousCursor }: CursorPage): Partial<ListFacts> {
  return {
    ...(nextCursor === undefined ? {} : { nextCursor }),
    ...(previousCursor === undefined ? {} : { previousCursor }),
  };
}

function projectionsOf(context: RequestContext, endpoints: readonly Endpoint[], request: ListRequest): Projections {
  const types = endpoints.map(({ type }) => type);
  const [first] = types;
  if (first === undefined) throw new Error('a list over no resource type');
  const of = (name: string) => {
    const type = types.find(candidate => candidate.name === name) ?? first;
    return readProjection(type, request, context.leniency);
  };
  return { User: of('User'), Group: of('Group') };
}

function selectionsOf(context: RequestContext, endpoints: readonly Endpoint[], request: ListRequest): Selection[] {
  const sorted = endpoints.map(({ type }) =>
    request.sortBy === undefined ? undefined : findAttribute(type, request.sortBy, context.leniency),
  );
  if (request.sortBy !== undefined && sorted.every(path => path === undefined)) {
    throw invalidValue('sortBy', request.sortBy, 'the name of an attribute');
  }
  return endpoints.map(({ type }, index) => ({
    type: type.name === 'User' ? 'User' : 'Group',
    filter:
      request.filter === undefined
        ? undefined
        : parseFilter(request.filter, type, {
            ...context.leniency,
            otherTypes: endpoints.map(other => other.type).filter(other => other !== type),
          }),
    sortBy: sortable(sorted[index]),
  }));
}

/** RFC 7644 §3.4.2.3: a complex attribute is sorted by a sub-attribute, its `value` where none is named. */
function sortable(path: AttributePath | undefined): AttributePath | undefined {
  if (path === undefined) return undefined;
  const end = target(path);
  if (end.returned === 'never') throw invalidValue('sortBy', end.path, 'an attribute that is returned');
  if (end.type !== 'complex') return path;
  const value = end.children.get('value');
  if (value === undefined || path.subAttribute !== undefined) {
    throw invalidValue(
      'sortBy',
      end.path,
      `a sub-attribute of it, such as ${[...end.children.values()][0]?.path ?? 'value'}`,
    );
  }
  return { attribute: path.attribute, subAttribute: value };
}
