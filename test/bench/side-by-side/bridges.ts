/** Builds of the bridge as servers to be measured: one that is here, or one in another folder, such as of an earlier commit. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type MappingState, type MappingStateInput, parseMappingState } from '../../../bridge/contract/mapping-state';
import { ADMIN_TOKEN, bridgeEnvironment, scimToken } from '../../support/bridge';
import { freshPostgres, freshSqlite } from '../../support/databases';
import { type MeasuredServer, startMeasured } from './server';

export interface BridgeToMeasure {
  /** What node is to run: see {@link built} and {@link SOURCES}. */
  readonly program: readonly string[];
  readonly coder: { readonly url: string; readonly token: string };
  readonly backend: 'sqlite' | 'postgres';
  readonly declaration?: Partial<MappingStateInput>;
}

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
  const program = await startMeasured({
    args: [...what.program, 'serve'],
    env: bridgeEnvironment({ coderUrl: what.coder.url, coderToken: what.coder.token, databaseUrl: database.url }),
    ready: /"url":"(http:[^"]+)".*"msg":"ready"/,
  });
  const { token, tokens } = scimToken();
  await declare(program.url, parseMappingState({ version: 1, app: 'bench', tokens, ...what.declaration }));
  return {
    baseUrl: `${program.url}/scim/v2`,
    token,
    usage: () => program.usage(),
    close: async () => {
      await program.close();
      await database.drop();
    },
  };
}

/** Declares the app and waits until that is dealt with, in words that builds of other commits understand. */
async function declare(url: string, state: MappingState): Promise<void> {
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
