// SCIMMY with its routers, as its documentation has it, over maps in memory: copied as start.mjs into a folder where the packages are
// installed (npm-peers.ts). People are found by userName and id without a search, so that what is measured is SCIMMY and not the map.
import { randomUUID } from 'node:crypto';
import express from 'express';
import SCIMMY from 'scimmy';
import SCIMMYRouters from 'scimmy-routers';

const users = new Map();
const groups = new Map();
const names = new Map();

const notFound = id => new SCIMMY.Types.Error(404, null, `resource ${id} not found`);

/** What a list or a single resource is asked for. */
function egress(store, byName) {
  return resource => {
    if (resource.id !== undefined) {
      const found = store.get(resource.id);
      if (found === undefined) throw notFound(resource.id);
      return found;
    }
    const [operator, value] = resource.filter?.length === 1 ? (resource.filter[0].userName ?? []) : [];
    if (byName !== undefined && operator === 'eq') return [byName.get(String(value).toLowerCase())].filter(Boolean);
    return resource.filter === undefined ? [...store.values()] : resource.filter.match([...store.values()]);
  };
}

function ingress(store, byName) {
  return (resource, data) => {
    const { id = randomUUID() } = resource;
    const before = store.get(id);
    if (resource.id !== undefined && before === undefined) throw notFound(id);
    const key = byName === undefined ? undefined : String(data.userName).toLowerCase();
    if (key !== undefined && byName.has(key) && byName.get(key).id !== id)
      throw new SCIMMY.Types.Error(409, 'uniqueness', `userName ${data.userName} is taken`);
    const now = new Date();
    const kept = { ...data, id, meta: { created: before?.meta.created ?? now, lastModified: now } };
    store.set(id, kept);
    if (key !== undefined) byName.set(key, kept);
    return kept;
  };
}

function degress(store, byName) {
  return ({ id }) => {
    const found = store.get(id);
    if (found === undefined) throw notFound(id);
    store.delete(id);
    byName?.delete(String(found.userName).toLowerCase());
  };
}

for (const [type, store, byName] of [
  [SCIMMY.Resources.User, users, names],
  [SCIMMY.Resources.Group, groups, undefined],
])
  SCIMMY.Resources.declare(type)
    .ingress(ingress(store, byName))
    .egress(egress(store, byName))
    .degress(degress(store, byName));

const token = `Bearer ${process.env.PEER_TOKEN}`;
const app = express();
app.use(
  '/scim/v2',
  new SCIMMYRouters({
    type: 'bearer',
    handler(request) {
      if (request.header('authorization') !== token) throw new Error('not the token of the bench');
      return '';
    },
  }),
);
const server = app.listen(0, '127.0.0.1', () =>
  console.log(`listening at http://127.0.0.1:${server.address().port}/scim/v2`),
);
