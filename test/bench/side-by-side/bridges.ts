/** Builds of the bridge as servers to be measured: one that is here, or one in another folder, such as of an earlier commit. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type MappingStateInput } from '../../../bridge/contract/mapping-state';
import { ADMIN_TOKEN, bridgeEnvironment, scimToken } from '../../support/bridge';
import { openDatabase } from '../../../bridge/store/database/database';
import { freshPostgres, freshSqlite } from '../../support/databases';
import { ownPostgres } from '../../support/postgres-server';
import { fillGroups, fillMembers, fillUsers, settle } from '../fill-directory';
import { postgresSeconds } from './database-time';
import { type MeasuredServer, startMeasured } from './server';

export interface BridgeToMeasure {
  /** What node is to run: see {@link built} and {@link SOURCES}. */
  readonly program: readonly string[];
  readonly coder: { readonly url: string; readonly token: string };
  readonly backend: 'sqlite' | 'postgres';
  readonly declaration?: Partial<MappingStateInput>;
  /** A directory that is there before the bridge starts, written as rows: so many people would come by SCIM for minutes. */
  readonly filled?: Directory;
}

export interface Directory {
  readonly users: number;
  readonly groups: number;
  readonly groupSize: number;
}

const APP = 'bench';

/** The bridge of a build: `dist` of this or another checkout. @throws Error when there is none */
export function built(dist: string): readonly string[] {
  const main = join(dist, 'bridge', 'main.js');
  if (!existsSync(main)) throw new Error(`${main} is missing: npm run build`);
  return [main];
}

/** The bridge of these sources, which need no build. */
export const SOURCES: readonly string[] = ['--import', 'tsx', join(__dirname, '..', '..', '..', 'bridge', 'main.ts')];

export async function startBridgeToMeasure(what: BridgeToMeasure): Promise<MeasuredServer> {
  const database = what.backend === 'sqlite' ? freshSqlite() : await freshPostgres();
  const directory = what.filled && (await fillDatabase(database.url, what.filled));
  const program = await startMeasured({
    args: [...what.program, 'serve'],
    env: bridgeEnvironment({ coderUrl: what.coder.url, coderToken: what.coder.token, databaseUrl: database.url }),
    ready: /"url":"(http:[^"]+)".*"msg":"ready"/,
  });
  const { token, tokens } = scimToken();
  await declare(program.url, { version: 1, app: APP, tokens, ...what.declaration });
  return {
    baseUrl: `${program.url}/scim/v2`,
    token,
    ...(directory && { directory }),
    async usage() {
      const databaseSeconds = what.backend === 'postgres' ? postgresSeconds(ownPostgres()) : undefined;
      return { ...(await program.usage()), databaseSeconds };
    },
    close: async () => {
      await program.close();
      await database.drop();
    },
  };
}

async function fillDatabase(
  url: string,
  { users, groups, groupSize }: Directory,
): Promise<MeasuredServer['directory']> {
  const database = await openDatabase(url);
  const people = await fillUsers(database, APP, users);
  const ids = await fillGroups(database, APP, groups);
  for (const [index, id] of ids.entries()) {
    const from = (index * groupSize) % users;
    await fillMembers(database, id, [...people.slice(from), ...people.slice(0, from)].slice(0, groupSize));
  }
  await settle(database);
  await database.close();
  return { groups: ids, people };
}

/** Declares the app and waits until that is dealt with, in words that builds of other commits understand: without defaults, which are their own. */
async function declare(url: string, state: MappingStateInput): Promise<void> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json', 'if-none-match': '*' };
  const put = { method: 'PUT', headers, body: JSON.stringify(state) };
  const answer = await fetch(`${url}/admin/v1/apps/${state.app}`, put);
  if (!answer.ok) throw new Error(`the app was answered with ${answer.status}: ${await answer.text()}`);
  for (;;) {
    const { apps } = (await (await fetch(`${url}/admin/v1/status`, { headers })).json()) as {
      apps: { converged: boolean }[];
    };
    if (apps.every(app => app.converged)) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
