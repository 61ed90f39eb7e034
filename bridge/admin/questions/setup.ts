/** How far the connection of an identity provider is: what was seen of it, and what is missing. */
import { type SetupReport } from '../../contract/admin-api';
import { type MappingState } from '../../contract/mapping-state';
import { readApp } from '../../store/apps/apps';
import { countLinkedPeople } from '../../store/accounts/people';
import { countDirectory } from '../../store/directory';
import { lastRefusedCaller, listRequests } from '../../store/requests/requests';
import { oauthTokenUrl, scimBaseUrl } from '../apps';
import { type AdminDeps } from '../deps';
import { readLastUsed, readTokens } from '../status';

type Step = SetupReport['steps'][number];

/** @returns undefined when no such app is declared */
export async function readSetup(
  deps: Pick<AdminDeps, 'database' | 'reconciler' | 'coder' | 'publicUrl' | 'clock'>,
  name: string,
): Promise<SetupReport | undefined> {
  const { db } = deps.database;
  const app = await readApp(db, name);
  if (app === undefined) return undefined;
  const tokens = readTokens(app, await readLastUsed(db), deps.clock());
  const usable = tokens.filter(token => token.state !== 'expired');
  const lastUsed = tokens
    .flatMap(token => token.lastUsedAt ?? [])
    .sort()
    .at(-1);
  const [newest] = await listRequests(db, { app: name, limit: 1 });
  const refused = await lastRefusedCaller(db, name);
  const refusal = refused && `at ${new Date(refused.at).toISOString()} a request was refused: ${refused.reason}`;
  const { users, activeUsers, groups } = await countDirectory(db, name);
  const linked = await countLinkedPeople(db, name);
  const { mappings } = await deps.reconciler.groups({ app: name, mappingsAlone: true });
  const unmatched = mappings.filter(({ state }) => state !== 'matched' && state !== 'filling');
  const [first] = unmatched;
  const steps: Step[] = [
    step(
      'token',
      usable.length > 0 && usable.map(token => `${token.name} until ${token.expiresAt.slice(0, 10)}`).join(', '),
      'no token is valid: make one with `coder-scim token create`, declare its digest, deploy',
    ),
    step(
      'connection',
      newest !== undefined
        ? `last request: ${newest.method} ${newest.path}, answered ${newest.status}${refusal === undefined ? '' : `; ${refusal}`}`
        : lastUsed !== undefined && `a token was used last at ${lastUsed}`,
      refusal ?? 'nothing came yet: use the connection test of the identity provider',
    ),
    step(
      'person',
      users > 0 && `${users} in the directory, ${activeUsers} active`,
      'nobody was sent yet: assign somebody to the application',
    ),
    step('account', linked > 0 && `${linked} in Coder`, 'nobody has an account in Coder yet'),
    step(
      'group',
      groups > 0 && `${groups} in the directory`,
      'no group was sent yet: assign or push those that mappings name',
    ),
    step(
      'mapping',
      mappings.length > 0 && unmatched.length === 0 && `all ${mappings.length} have found their group`,
      mappings.length === 0
        ? 'the declaration has no mapping: groups give nothing'
        : `${mappings.length - unmatched.length} of ${mappings.length} have found their group; the first without: ${first?.idpGroup ?? ''}${first?.state === 'empty' ? ', which is there and has no member yet' : ''}`,
    ),
  ];
  if (app.state.mode === 'claims') steps.push(await claimsStep(deps.coder, app.state));
  const { identityProvider, mode } = app.state;
  return {
    app: name,
    identityProvider,
    mode,
    scimBaseUrl: scimBaseUrl(deps.publicUrl, name),
    oauthTokenUrl: Object.keys(app.state.oauthClients).length === 0 ? null : oauthTokenUrl(deps.publicUrl, name),
    steps,
  };
}

/** @param seen what was seen; false: nothing, and `missing` says what to do */
function step(name: Step['name'], seen: string | false, missing: string): Step {
  return { name, done: seen !== false, detail: seen === false ? missing : seen };
}

async function claimsStep(coder: Pick<AdminDeps['coder'], 'listSeenClaims'>, { claims }: MappingState): Promise<Step> {
  const wanted = [...new Set([claims.groups, claims.roles, claims.organizations ?? claims.groups])];
  try {
    const seen = await coder.listSeenClaims();
    const missing = wanted.filter(claim => !seen.includes(claim));
    return step(
      'claims',
      missing.length === 0 && `${wanted.join(', ')} seen at a sign-in to Coder`,
      `no sign-in to Coder had the claim ${missing.join(', ')} yet; seen: ${seen.slice(0, 20).join(', ') || 'none'}`,
    );
  } catch (error) {
    return step('claims', false, `Coder could not be asked: ${error instanceof Error ? error.message : String(error)}`);
  }
}
