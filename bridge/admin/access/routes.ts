/** `/credentials`: who may do what at the bridge, made, rotated and revoked. */
import { type Router } from 'express';
import { CreateCredentialRequest } from '../../contract/admin-api';
import { callerOf } from '../../http/caller';
import { Refusal } from '../../http/refusal';
import { addCredential, deleteCredentials, endCredentials, listCredentials } from '../../store/access/credentials';
import { type AuditRow, writeAudit } from '../../store/audit/audit';
import { type AdminDeps } from '../deps';
import { readBody } from '../read-body';

export function addCredentialRoutes(router: Router, deps: AdminDeps): void {
  const { database, credentials, clock } = deps;
  router.get('/credentials', async (_request, response) => {
    response.json({ credentials: await credentials.list() });
  });
  router.post('/credentials', async (request, response) => {
    await createCredential(deps, readBody(CreateCredentialRequest, request.body), callerOf(response).name);
    response.status(201).json({ credentials: await credentials.list() });
  });
  router.delete('/credentials/:name', async (request, response) => {
    const { name } = request.params;
    const by = callerOf(response).name;
    // One that was made before the configuration had the name is good until it is revoked.
    const revoked = await database.transact(async db => {
      const count = await deleteCredentials(db, name);
      if (count > 0) await writeAudit(db, [line(clock(), by, 'credential.revoke', name)]);
      return count;
    });
    if (revoked === 0) refuseConfigured(deps, name);
    if (revoked === 0) throw new Refusal(404, 'not_found', `no admin credential ${JSON.stringify(name)} was made`);
    response.status(204).end();
  });
}

async function createCredential(
  deps: AdminDeps,
  { name, digest, scopes, expiresAt, overlapMs }: CreateCredentialRequest,
  by: string,
): Promise<void> {
  refuseConfigured(deps, name);
  const now = deps.clock();
  const hex = digest.replace('sha256:', '');
  if ((await deps.credentials.byDigest(hex)) !== undefined)
    throw new Refusal(
      409,
      'credential_taken',
      'the digest is the one of a credential that is there: make another secret',
    );
  if (Date.parse(expiresAt) <= now)
    throw new Refusal(400, 'invalid_request', `expiresAt is ${JSON.stringify(expiresAt)}: wanted a time to come`);
  await deps.database.transact(async db => {
    const before = await listCredentials(db, name);
    const valid = before.filter(credential => credential.expiresAt > now);
    if (valid.length > 0 && overlapMs === undefined) {
      throw new Refusal(
        409,
        'credential_taken',
        `an admin credential ${JSON.stringify(name)} is there already: rotate it (\`coder-scim admin-token rotate ${name}\`), or take another name`,
      );
    }
    if (overlapMs !== undefined) await endCredentials(db, name, now + overlapMs);
    await addCredential(
      db,
      { digest: hex, name, scopes: [...new Set(scopes)], createdBy: by, expiresAt: Date.parse(expiresAt) },
      now,
    );
    await writeAudit(db, [
      {
        ...line(now, by, valid.length > 0 ? 'credential.rotate' : 'credential.create', name),
        after: `${[...new Set(scopes)].join(', ')}, until ${expiresAt}`,
      },
    ]);
  });
}

function refuseConfigured({ credentials }: AdminDeps, name: string): void {
  if (!credentials.isConfigured(name)) return;
  throw new Refusal(
    409,
    'credential_declared',
    `admin credential ${JSON.stringify(name)} stands in the bridge's configuration: change it there, or take another name`,
  );
}

function line(at: number, by: string, action: string, name: string): AuditRow {
  return { at, app: null, actor: 'operator', token: by, action, target: name, result: 'done', detail: `by ${by}` };
}
