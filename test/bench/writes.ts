/**
 * How many writes Coder gets for what identity providers say, beside the fewest that could do: the conversations of the demo, and
 * random changes of people and groups. `npx tsx test/bench/writes.ts [--changes 1000] [--seed 7]`.
 *
 * The fewest: one call for each account made or removed, status changed, name changed, list of roles changed, membership of an organization begun or
 * ended, group made, renamed or removed, and group whose members changed otherwise than by somebody's leaving its organization.
 */
import { parseArgs } from 'node:util';
import { Entra } from '../../examples/demo/entra';
import { Okta } from '../../examples/demo/okta';
import { type MappingStateInput } from '../../bridge/contract/mapping-state';
import { FURTHER_ORGANIZATIONS, mappingState } from '../kill/declaration';
import { DirectoryModel } from '../kill/identity-provider/directory-model';
import { Caller } from '../kill/identity-provider/caller';
import { IdentityProvider } from '../kill/identity-provider/identity-provider';
import { Locks } from '../kill/identity-provider/locks';
import { Random } from '../kill/random';
import { ScimClient } from '../kill/identity-provider/scim-client';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, type Snapshot, startCoderDouble } from '../support/coder-double';
import { freshSqlite } from '../support/databases';
import { printTable } from './measure';

interface Count {
  requests: number;
  writes: number;
  fewest: number;
  /** Requests with more writes than the fewest, in words. */
  readonly above: string[];
}

/** All of Coder, with groups by id so that a new name is no new group. */
interface Picture {
  readonly users: Snapshot['users'];
  readonly groups: ReadonlyMap<
    string,
    { readonly organization: string; readonly name: string; readonly members: readonly string[] }
  >;
}

function pictureOf(coder: CoderDouble): Picture {
  const groups = [...coder.state.organizations.values()].flatMap(organization =>
    [...organization.groups.values()].map(
      group =>
        [
          group.id,
          {
            organization: organization.name,
            name: `${group.name} ${group.displayName}`,
            members: [...group.members].map(user => user.id),
          },
        ] as const,
    ),
  );
  return { users: coder.snapshot().users, groups: new Map(groups) };
}

/** The fewest writes that lead from one picture of Coder to the other. */
function fewestWrites(before: Picture, after: Picture): number {
  let writes = 0;
  const usersBefore = new Map(Object.values(before.users).map(user => [user.id, user]));
  const left = new Set<string>();
  for (const now of Object.values(after.users)) {
    const was = usersBefore.get(now.id);
    const organizations = new Set([...Object.keys(was?.organizations ?? {}), ...Object.keys(now.organizations)]);
    if (was === undefined) writes += 1;
    else {
      if ((was.status === 'suspended') !== (now.status === 'suspended')) writes += 1;
      if (was.name !== now.name) writes += 1;
    }
    if (String(was?.siteRoles ?? []) !== String(now.siteRoles)) writes += 1;
    for (const organization of organizations) {
      const inside = now.organizations[organization];
      const wasInside = was?.organizations[organization];
      // A new account is made in its organizations.
      if (was !== undefined && (inside === undefined) !== (wasInside === undefined)) writes += 1;
      if (inside === undefined) left.add(`${organization}/${now.id}`);
      else if (String(inside.roles) !== String(wasInside?.roles ?? [])) writes += 1;
    }
  }
  const present = new Set(Object.values(after.users).map(user => user.id));
  for (const id of usersBefore.keys()) if (!present.has(id)) writes += 1;
  for (const [id, group] of after.groups) {
    const was = before.groups.get(id);
    if (was === undefined || was.name !== group.name) writes += 1;
    const joined = group.members.some(member => was?.members.includes(member) !== true);
    const removed = (was?.members ?? []).some(
      // Whoever is deleted, or leaves the organization, is in none of its groups any more.
      member => !group.members.includes(member) && present.has(member) && !left.has(`${group.organization}/${member}`),
    );
    if (joined || removed) writes += 1;
  }
  // Removed along with its members, as Coder does it.
  for (const id of before.groups.keys()) if (!after.groups.has(id)) writes += 1;
  return writes;
}

/** Counts around each SCIM request that this process sends meanwhile. Requests follow each other in quiet times: nothing is gathered. */
async function counting(coder: CoderDouble, bridge: RunningBridge, play: () => Promise<void>): Promise<Count> {
  const count: Count = { requests: 0, writes: 0, fewest: 0, above: [] };
  const [send, now] = [globalThis.fetch, Date.now];
  let skew = 0;
  Date.now = () => now() + skew;
  globalThis.fetch = async (target, init) => {
    const url = target instanceof Request ? target.url : target.toString();
    if (!url.includes('/scim/v2/') || init?.method === 'GET') return await send(target, init);
    skew += 10_000;
    const before = pictureOf(coder);
    coder.calls.reset();
    const answer = await send(target, init);
    await converged(bridge, () => (skew += 1_000));
    const writes = coder.calls.countWrites();
    const fewest = fewestWrites(before, pictureOf(coder));
    count.requests += 1;
    count.writes += writes;
    count.fewest += fewest;
    if (writes > fewest)
      count.above.push(
        `${init?.method} ${url.replace(/.*\/scim/, '')} ${(typeof init?.body === 'string' ? init.body : '').slice(0, 200)}: ${writes} for ${fewest}: ` +
          coder.calls
            .writes()
            .map(call => `${call.method} ${call.path} ${call.status}`)
            .join(', '),
      );
    return answer;
  };
  try {
    await play();
    return count;
  } finally {
    globalThis.fetch = send;
    Date.now = now;
  }
}

async function converged(bridge: RunningBridge, later: () => void): Promise<void> {
  for (;;) {
    const { apps } = await bridge.admin.status();
    if (apps.every(app => app.waiting === 0)) return;
    later();
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

async function onStage(play: (coder: CoderDouble, bridge: RunningBridge) => Promise<Count>): Promise<Count> {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  for (const name of FURTHER_ORGANIZATIONS) coder.addOrganization(name);
  coder.addUser('coder-scim', { roles: ['owner'], status: 'active' });
  const database = freshSqlite();
  const bridge = await startBridge({
    coderUrl: coder.url,
    coderToken: coder.issueToken('coder-scim'),
    databaseUrl: database.url,
  });
  try {
    return await play(coder, bridge);
  } finally {
    await bridge.stop();
    await coder.close();
    await database.drop();
  }
}

function tiers(): Omit<MappingStateInput, 'version' | 'app' | 'tokens'> {
  return {
    roleMappings: {
      admins: { idpGroup: 'coder-admins', role: 'owner' },
      platform: { idpGroup: 'coder-platform', role: 'template-admin' },
      auditors: { idpGroup: 'coder-auditors', role: 'auditor' },
    },
    groupMappings: { developers: { idpGroup: 'coder-developers', group: 'developers' } },
  };
}

function okta(): Promise<Count> {
  return onStage(async (coder, bridge) => {
    const { token, tokens } = scimToken();
    await bridge.admin.putApp({ version: 1, app: 'okta', identityProvider: 'okta', tokens, ...tiers() }, 'absent');
    return await counting(coder, bridge, async () => {
      const provider = new Okta(`${bridge.url}/apps/okta/scim/v2`, token);
      await provider.testConnection();
      const logins = ['alice', 'paula', 'dan', 'dora', 'drew', 'audrey'].map(name => `${name}@acme.example`);
      const [alice = '', paula = '', dan = '', dora = '', drew = '', audrey = ''] = logins;
      await provider.assign(logins.map(login => ({ login, given: login.split('@')[0] ?? '', family: 'Acme' })));
      await provider.pushGroups({
        'coder-admins': [alice],
        'coder-platform': [paula],
        'coder-developers': [dan, dora, drew],
        'coder-auditors': [audrey],
      });
      await provider.move(dan, 'coder-developers', 'coder-platform');
      await provider.deactivate(dora);
      await provider.reactivate(dora);
      await provider.deactivate(drew);
      await provider.join(audrey, 'coder-developers');
    });
  });
}

function entra(): Promise<Count> {
  return onStage(async (coder, bridge) => {
    const { token, tokens } = scimToken();
    await bridge.admin.putApp(
      {
        version: 1,
        app: 'entra',
        identityProvider: 'entra',
        tokens,
        groupMappings: { gpu: { idpGroup: 'Research GPU', organization: 'research', group: 'gpu' } },
        roleMappings: {
          leads: { idpGroup: 'Research Leads', role: 'organization-admin', organization: 'research' },
        },
      },
      'absent',
    );
    return await counting(coder, bridge, async () => {
      const provider = new Entra(`${bridge.url}/apps/entra/scim/v2`, token);
      await provider.testConnection();
      const [erin, evan, eve, ezra] = ['erin', 'evan', 'eve', 'ezra'].map(name => `${name}@lab.example`) as [
        string,
        string,
        string,
        string,
      ];
      await provider.provision(
        [erin, evan, eve, ezra].map(upn => ({ upn, name: `${upn.split('@')[0]} Lab`, department: 'Research' })),
      );
      await provider.provisionGroups({ 'Research GPU': [erin, evan, eve, ezra], 'Research Leads': [erin] });
      await provider.removeFromGroup(ezra, 'Research GPU');
      await provider.addToGroup(ezra, 'Research GPU');
      await provider.removeFromGroup(ezra, 'Research GPU');
      await provider.disable(eve);
      await provider.remove(eve);
    });
  });
}

function random(changes: number, seed: number): Promise<Count> {
  return onStage(async (coder, bridge) => {
    const { token, tokens } = scimToken();
    await bridge.admin.putApp(mappingState(tokens), 'absent');
    return await counting(coder, bridge, async () => {
      const dice = new Random(seed);
      const client = new ScimClient(() => bridge.url, token, dice.fork('scim'), 0);
      const caller = new Caller(new DirectoryModel(), client, new Locks(), dice.fork('provider'), 'a');
      const provider = new IdentityProvider(caller);
      await provider.prepare();
      const working = provider.work();
      while (client.counts.requests < changes) await new Promise(resolve => setTimeout(resolve, 20));
      provider.end();
      await working;
      if (provider.losses.length > 0) throw new Error(provider.losses.join('\n'));
    });
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { changes: { type: 'string', default: '1000' }, seed: { type: 'string', default: '7' } },
  });
  const print = console.log;
  const rows = [['what', 'SCIM writes', 'writes to Coder', 'fewest', 'ratio (wanted 1)']];
  const above: string[] = [];
  const conversations = {
    'Okta, as in the demo': okta,
    'Entra, as in the demo': entra,
    'random changes': () => random(Number(values.changes), Number(values.seed)),
  };
  for (const [name, play] of Object.entries(conversations)) {
    // The conversations tell what they do; here only the numbers matter.
    console.log = () => undefined;
    const count = await play().finally(() => (console.log = print));
    rows.push([
      name,
      String(count.requests),
      String(count.writes),
      String(count.fewest),
      (count.writes / count.fewest).toFixed(3),
    ]);
    above.push(...count.above);
  }
  printTable('Writes to Coder', rows);
  for (const line of above.slice(0, 20)) console.log(`  above: ${line}`);
}

void main();
