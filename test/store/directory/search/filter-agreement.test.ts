/** The two evaluators of filters say the same, on both databases, for every attribute, operator and awkward text. */
import fc from 'fast-check';
import { type Filter } from '../../../../bridge/scim-language/filter/ast';
import { elementsOf, evaluateFilter } from '../../../../bridge/scim-language/filter/evaluate';
import { printFilter } from '../../../../bridge/scim-language/filter/print';
import { parseFilter } from '../../../../bridge/scim-language/filter/parser';
import { type JsonObject } from '../../../../bridge/scim-language/json';
import { type AttributePath, target } from '../../../../bridge/scim-language/schema/attribute';
import { compareText, fold } from '../../../../bridge/scim-language/schema/fold';
import { renderResource } from '../../../../bridge/scim-language/schema/render';
import { type ResourceType } from '../../../../bridge/scim-language/schema/resource-type';
import {
  type Directory,
  type Resource,
  type UserOrGroup,
  createDirectory,
  etagOf,
} from '../../../../bridge/store/directory';
import { describeEachDatabase } from '../../../support/databases';
import { documents, filters, pathsOf, testGroupType, testUserType, texts } from '../generate';

const SEED = Number(process.env['CODER_SCIM_TEST_SEED'] ?? 20_260_101);
/** Filters of each kind; thousands of them, with another seed, before what compiles filters is changed. */
const RUNS = Number(process.env['CODER_SCIM_TEST_RUNS'] ?? 200);
/** Of so many attributes one is paged by as well: what pages depend on is the type of the attribute. */
const PAGED = RUNS < 1_000 ? 5 : 1;
const baseUrl = 'https://scim.test/v2';
const app = 'one';
const context = { app, cause: { actor: 'scim' } } as const;
const types: Record<UserOrGroup, ResourceType> = { User: testUserType, Group: testGroupType };

describeEachDatabase('filters in SQL', open => {
  let directory: Directory;
  let resources: Record<UserOrGroup, { id: string; rendered: JsonObject }[]>;

  beforeAll(async () => {
    const clock = { now: Date.parse('2011-05-13T04:42:34.000Z') };
    directory = createDirectory(await open(), { clock: () => (clock.now += 1) });
    const [userDocuments = []] = fc.sample(documents(testUserType, 60), { seed: SEED, numRuns: 1 });
    const [groupDocuments = []] = fc.sample(documents(testGroupType, 20), { seed: SEED, numRuns: 1 });
    const users: Resource[] = [];
    for (const document of userDocuments) users.push((await directory.createUser(context, document)).resource);
    const groups: Resource[] = [];
    for (const [index, document] of groupDocuments.entries()) {
      const members = [
        ...users
          .filter((_, at) => at % (index + 2) === 0)
          .map((user, at) => ({
            value: user.id,
            ...(at % 2 === 0 ? { display: texts[at % texts.length] ?? 'x' } : {}),
          })),
        // Later groups hold earlier ones: no circle.
        ...groups.filter((_, at) => (at + index) % 4 === 0).map(group => ({ value: group.id })),
      ];
      groups.push((await directory.createGroup(context, document, index % 5 === 4 ? [] : members)).resource);
    }
    for (const user of users.filter((_, at) => at % 7 === 0)) {
      await directory.updateUser(context, user.id, ({ document }) => ({ ...document, title: 'Sir' }));
    }
    // A second app with the same content: none of it may be found.
    const other = { ...context, app: 'two' };
    const twin = await directory.createUser(other, userDocuments[0] ?? {});
    await directory.createGroup(other, groupDocuments[0] ?? {}, [{ value: twin.resource.id }]);
    resources = { User: await renderUsers(users), Group: await renderGroups(groups) };
  });

  const facts = (resource: Resource) => ({
    id: resource.id,
    created: new Date(resource.createdAt),
    lastModified: new Date(resource.modifiedAt),
    version: etagOf(resource.version),
    baseUrl,
  });

  async function renderUsers(users: readonly Resource[]) {
    const groups = await directory.groupsOf(
      app,
      users.map(({ id }) => id),
    );
    const rendered: { id: string; rendered: JsonObject }[] = [];
    for (const { id } of users) {
      const user = await directory.getUser(app, id);
      if (user === undefined) throw new Error('user is gone');
      const own = (groups.get(id) ?? []).map(({ value, display, type }) => ({
        value,
        display,
        type,
        $ref: `${baseUrl}/Groups/${value}`,
      }));
      rendered.push({
        id,
        rendered: {
          ...renderResource(user.document, testUserType, facts(user)),
          ...(own.length > 0 ? { groups: own } : {}),
        },
      });
    }
    return rendered;
  }

  async function renderGroups(groups: readonly Resource[]) {
    const rendered: { id: string; rendered: JsonObject }[] = [];
    for (const { id } of groups) {
      const group = await directory.getGroup(app, id);
      if (group === undefined) throw new Error('group is gone');
      const members: JsonObject[] = [];
      for await (const chunk of directory.membersOf(app, [id]))
        members.push(
          ...chunk.map(({ value, type, display }): JsonObject => ({
            value,
            type,
            $ref: `${baseUrl}/${type}s/${value}`,
            ...(display === undefined ? {} : { display }),
          })),
        );
      rendered.push({
        id,
        rendered: {
          ...renderResource(group.document, testGroupType, facts(group)),
          ...(members.length > 0 ? { members } : {}),
        },
      });
    }
    return rendered;
  }

  it.each(['User', 'Group'] as const)(
    'find the same resources of type %s as the evaluator in memory',
    async type => {
      const ids = [...resources.User.slice(0, 4), ...resources.Group.slice(0, 4)].map(({ id }) => id);
      await fc.assert(
        fc.asyncProperty(filters(types[type], ids).map(shown), async ({ filter }) => {
          const wanted = resources[type].filter(({ rendered }) => evaluateFilter(filter, rendered)).map(({ id }) => id);
          const page = await directory.list(app, { selections: [{ type, filter }], baseUrl, count: 1_000 });
          const counted = await directory.list(app, { selections: [{ type, filter }], baseUrl, count: 0 });
          expect({
            filter: printFilter(filter),
            ids: page.resources.map(({ id }) => id),
            total: counted.totalResults,
          }).toEqual({
            filter: printFilter(filter),
            ids: wanted.sort(),
            total: wanted.length,
          });
        }),
        { seed: SEED, numRuns: RUNS },
      );
    },
    300_000,
  );

  it.each(['User', 'Group'] as const)(
    'sort resources of type %s by every attribute, and page through them both ways',
    async type => {
      for (const [index, sortBy] of pathsOf(types[type]).entries()) {
        for (const sortOrder of ['ascending', 'descending'] as const) {
          const query = { selections: [{ type, sortBy }], sortOrder, baseUrl } as const;
          const all = await directory.list(app, { ...query, count: 1_000 });
          const ids = all.resources.map(({ id }) => id);
          expect({ by: target(sortBy).path, ids }).toEqual({
            by: target(sortBy).path,
            ids: sorted(resources[type], sortBy, sortOrder),
          });
          if (index % PAGED !== 0) continue;
          const cursorQuery = { ...query, count: 17, subject: 'token', queryText: target(sortBy).path + sortOrder };
          const forward: string[] = [];
          let page = await directory.listByCursor(app, cursorQuery);
          for (;;) {
            forward.push(...page.resources.map(({ id }) => id));
            if (page.nextCursor === undefined) break;
            page = await directory.listByCursor(app, { ...cursorQuery, cursor: page.nextCursor });
          }
          expect(forward).toEqual(ids);
          const backward = page.resources.map(({ id }) => id);
          while (page.previousCursor !== undefined) {
            page = await directory.listByCursor(app, { ...cursorQuery, cursor: page.previousCursor });
            backward.unshift(...page.resources.map(({ id }) => id));
          }
          expect(backward).toEqual(ids);
        }
      }
    },
    300_000,
  );

  it('find by look-ups joined in every way what the evaluator in memory finds', async () => {
    for (const type of ['User', 'Group'] as const) {
      const known = resources[type].map(({ id, rendered }): JsonObject => ({ ...rendered, id }));
      const texts = (name: string) =>
        known.flatMap(one => (typeof one[name] === 'string' ? [one[name]] : [])).slice(0, 6);
      const emails = known.flatMap(one => (Array.isArray(one['emails']) ? one['emails'] : [])).slice(0, 6);
      const looked = [
        ...texts('id').map(id => `id eq ${JSON.stringify(id)}`),
        ...texts('externalId').map(text => `externalId eq ${JSON.stringify(text)}`),
        ...texts('displayName').map(text => `displayName eq ${JSON.stringify(text.toUpperCase())}`),
        ...(type === 'Group'
          ? resources.User.slice(0, 6).map(({ id }) => `members eq "${id}"`)
          : [
              ...texts('userName').map(text => `userName eq ${JSON.stringify(text.toUpperCase())}`),
              ...emails.flatMap(email => {
                const { value, type: kind } = email as { value?: string; type?: string };
                if (value === undefined) return [];
                return kind === undefined
                  ? [`emails eq ${JSON.stringify(value)}`]
                  : [`emails[type eq ${JSON.stringify(kind)} and value eq ${JSON.stringify(value)}]`];
              }),
            ]),
      ];
      const term = fc.constantFrom(...looked);
      const joined = fc
        .array(fc.array(term, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 4 })
        .map(alternatives => alternatives.map(both => both.join(' and ')).join(' or '));
      await fc.assert(
        fc.asyncProperty(joined, async text => {
          const filter = parseFilter(text, types[type]);
          const page = await directory.list(app, { selections: [{ type, filter }], baseUrl, count: 1_000 });
          const wanted = resources[type].filter(({ rendered }) => evaluateFilter(filter, rendered)).map(({ id }) => id);
          expect(page.resources.map(({ id }) => id)).toEqual(wanted.sort());
        }),
        { seed: SEED, numRuns: RUNS / 2 },
      );
    }
  });

  it.each([
    ['userName sw "ADA-"', 'userName sw "ada-"'],
    ['userName sw "ΣΊΣΥΦΟΣ"', 'userName sw "Σίσυφος"'],
    ['userName co "U\u0308NÏ"', 'userName co "ünï"'],
  ])('compare without case beyond ASCII: %s', async (one, other) => {
    const found = async (text: string) =>
      (
        await directory.list(app, {
          selections: [{ type: 'User', filter: parseFilter(text, testUserType) }],
          baseUrl,
          count: 100,
        })
      ).resources.map(({ id }) => id);
    expect(await found(one)).toEqual(await found(other));
    expect((await found(one)).length).toBeGreaterThan(0);
  });
});

/** Lets a counterexample read as a filter. */
const shown = (filter: Filter) => ({ filter, [fc.toStringMethod]: () => printFilter(filter) });

/** The order that RFC 7644 §3.4.2.3 asks for, worked out in memory. */
function sorted(
  resources: readonly { id: string; rendered: JsonObject }[],
  path: AttributePath,
  order: 'ascending' | 'descending',
): string[] {
  const end = target(path);
  const value = end.type === 'complex' ? end.children.get('value') : end;
  const keyed = resources.map(({ id, rendered }) => ({ id, key: value === undefined ? undefined : keyOf(rendered) }));
  function keyOf(rendered: JsonObject): string | number | undefined {
    const elements = elementsOf(path.attribute, rendered);
    const chosen =
      elements.find(element => typeof element === 'object' && (element as JsonObject)['primary'] === true) ??
      elements[0];
    const sub = path.subAttribute ?? (path.attribute === value || value?.element ? undefined : value);
    const found = sub === undefined || sub.element ? chosen : (chosen as JsonObject | undefined)?.[sub.name];
    if (typeof found === 'number' || typeof found === 'boolean') return Number(found);
    if (typeof found !== 'string') return undefined;
    return value?.caseExact || value?.type === 'dateTime' ? found : fold(found);
  }
  const compare = (a: (typeof keyed)[number], b: (typeof keyed)[number]): number => {
    if (a.key === undefined || b.key === undefined)
      return Number(a.key === undefined) - Number(b.key === undefined) || compareText(a.id, b.id);
    const difference =
      typeof a.key === 'number' && typeof b.key === 'number'
        ? a.key - b.key
        : compareText(String(a.key), String(b.key));
    return difference || compareText(a.id, b.id);
  };
  return keyed.sort((a, b) => (order === 'ascending' ? compare(a, b) : compare(b, a))).map(({ id }) => id);
}
