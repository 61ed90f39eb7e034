/** Questions that the page asks as well: activity, people, groups, one hold, the set-up of an identity provider. */
import { type Router } from 'express';
import * as z from 'zod';
import { Refusal } from '../../http/refusal';
import { type AdminDeps } from '../deps';
import { readActivity } from './activity';
import { findPeople } from './people';
import { readSetup } from './setup';

const PeopleQuery = z.strictObject({
  search: z.string().max(200).default(''),
  app: z.string().min(1).optional(),
  held: z
    .enum(['true', 'false'])
    .transform(text => text === 'true')
    .optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
const GroupsQuery = z.strictObject({ app: z.string().min(1).optional(), search: z.string().max(200).optional() });

export function addQuestionRoutes(router: Router, deps: AdminDeps): void {
  const { reconciler } = deps;
  router.get('/activity', async (_request, response) => {
    response.json(await readActivity(deps));
  });
  router.get('/people', async (request, response) => {
    const { search: text, ...query } = readQuery(PeopleQuery, request.url);
    response.json({ people: await findPeople(deps, { text, ...query }) });
  });
  router.get('/groups', async (request, response) => {
    response.json(await reconciler.groups(readQuery(GroupsQuery, request.url)));
  });
  router.get('/holds/:id', async (request, response) => {
    const hold = await reconciler.hold(request.params.id);
    if (hold === undefined)
      throw new Refusal(
        404,
        'not_found',
        `hold ${JSON.stringify(request.params.id)} is not open: look at coder-scim status`,
      );
    response.json(hold);
  });
  router.get('/apps/:app/setup', async (request, response) => {
    const setup = await readSetup(deps, request.params.app);
    if (setup === undefined)
      throw new Refusal(404, 'not_found', `no app ${JSON.stringify(request.params.app)} is declared`);
    response.json(setup);
  });
}

/** @throws Refusal 400 with the parameter that is wrong */
function readQuery<T extends z.ZodType>(shape: T, url: string): z.output<T> {
  const query = shape.safeParse(Object.fromEntries(new URLSearchParams(url.split('?', 2)[1] ?? '')));
  if (query.success) return query.data;
  throw new Refusal(
    400,
    'invalid_query',
    query.error.issues.map(issue => [...issue.path, issue.message].map(String).join(': ')).join('; '),
  );
}
