/** How far the connection of an identity provider is: what was seen of it, and what is missing. */
import { type SetupReport } from '../../contract/admin-api';
import { type MappingState } from '../../contract/mapping-state';
import { readApp } from '../../store/apps/apps';
import { searchPeople } from '../../store/accounts/people';
import { countDirectory } from '../../store/directory';
import { listRequests } from '../../store/requests/requests';
import { scimBaseUrl } from '../apps';
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
  const used = tokens.flatMap(token => token.lastUsedAt ?? []).sort();
  const [newest] = await listRequests(db, { app: name, limit: 1 });
  const counts = await countDirectory(db, name);
  const linked = (await searchPeople(db, { text: '', app: name, limit: 200 })).filter(
    person => person.coderUserId !== undefined,
  );
  const { mappings } = await deps.reconciler.groups({ app: name });
  const matched = mappings.filter(mapping => mapping.state === 'matched');
  const steps: Step[] = [
    {
      name: 'token',
      done: usable.length > 0,
      detail:
        usable.length > 0
          ? `${usable.map(token => token.name).join(', ')}, until ${usable.map(token => token.expiresAt.slice(0, 10)).join(', ')}`
          : 'no token is valid: make one with `coder-scim token create`, declare its digest, deploy',
    },
    {
      name: 'connection',
      done: used.length > 0 || newest !== undefined,
      detail:
        newest !== undefined
          ? `last request: ${newest.method} ${newest.path}, answered ${newest.status}`
          : used.length > 0
            ? `a token was used last at ${used.at(-1) ?? ''}`
            : 'nothing came yet: use the connection test of the identity provider',
    },
    {
      name: 'person',
      done: counts.users > 0,
      detail:
        counts.users > 0
          ? `${counts.users} in the directory, ${counts.activeUsers} active`
          : 'nobody was sent yet: assign somebody to the application',
    },
    {
      name: 'account',
      done: linked.length > 0,
      detail:
        linked.length > 0
          ? `${linked[0]?.userName ?? ''} is ${linked[0]?.coderUsername ?? ''} in Coder`
          : 'nobody has an account in Coder yet',
    },
    {
      name: 'group',
      done: counts.groups > 0,
      detail:
        counts.groups > 0
          ? `${counts.groups} in the directory`
          : 'no group was sent yet: assign or push those that mappings name',
    },
    {
      name: 'mapping',
      done: mappings.length > 0 && matched.length === mappings.length,
      detail:
        mappings.length === 0
          ? 'the declaration has no mapping: groups give nothing'
          : matched.length === mappings.length
            ? `all ${mappings.length} have found their group`
            : `${matched.length} of ${mappings.length} have found their group; the first without: ${mappings.find(mapping => mapping.state !== 'matched')?.idpGroup ?? ''}`,
    },
  ];
  if (app.state.mode === 'claims') steps.push(await claimsStep(deps.coder, app.state));
  const { identityProvider, mode } = app.state;
  return { app: name, identityProvider, mode, scimBaseUrl: scimBaseUrl(deps.publicUrl, name), steps };
}

async function claimsStep(coder: Pick<AdminDeps['coder'], 'listSeenClaims'>, { claims }: MappingState): Promise<Step> {
  const wanted = [...new Set([claims.groups, claims.roles, claims.organizations ?? claims.groups])];
  try {
    const seen = await coder.listSeenClaims();
    const missing = wanted.filter(claim => !seen.includes(claim));
    return {
      name: 'claims',
      done: missing.length === 0,
      detail:
        missing.length === 0
          ? `${wanted.join(', ')} seen at a sign-in to Coder`
          : `no sign-in to Coder had the claim ${missing.join(', ')} yet; seen: ${seen.slice(0, 20).join(', ') || 'none'}`,
    };
  } catch (error) {
    return {
      name: 'claims',
      done: false,
      detail: `Coder could not be asked: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
