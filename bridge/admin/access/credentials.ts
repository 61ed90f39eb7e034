/** Admin credentials: those of the configuration, and those that were made by command. Digests alone are known of them. */
import { timingSafeEqual } from 'node:crypto';
import { ADMIN_SCOPES, type AdminScope, type CredentialSummary, TOKEN_WARNING_DAYS } from '../../contract/admin-api';
import { type Caller, digestHex } from '../../http/caller';
import { listCredentials, noteCredentialUse, readCredential } from '../../store/access/credentials';
import { type Database } from '../../store/database/database';

/** A credential of the configuration. */
export interface ConfiguredCredential {
  readonly name: string;
  /** 64 hex digits. */
  readonly digest: string;
  readonly scopes: readonly AdminScope[];
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
}

/** A caller by credential, with its digest: what a session of the page hangs on. */
export interface CredentialCaller extends Caller {
  readonly digest: string;
  readonly expiresAt: number | undefined;
}

export interface Credentials {
  /** Whose secret this is; a text, why it is not taken; undefined when it is not known. */
  find(secret: string): Promise<CredentialCaller | string | undefined>;
  /** The same by digest. */
  byDigest(digest: string): Promise<CredentialCaller | string | undefined>;
  /** Whether the name stands in the configuration. */
  isConfigured(name: string): boolean;
  list(): Promise<CredentialSummary[]>;
}

const USE_NOTED_EVERY_MS = 60_000;

export function createCredentials(
  database: Database,
  configured: readonly ConfiguredCredential[],
  clock: () => number,
): Credentials {
  const known = configured.map(credential => ({ credential, digest: Buffer.from(credential.digest, 'hex') }));

  async function byDigest(digest: string): Promise<CredentialCaller | string | undefined> {
    const shown = Buffer.from(digest, 'hex');
    // All are compared, whichever fits: the time tells nothing. They need no database.
    const [own] = known.filter(other => timingSafeEqual(other.digest, shown)).map(other => other.credential);
    if (own !== undefined) return judge({ ...own, digest }, clock());
    const stored = await readCredential(database.db, digest);
    if (stored === undefined) return undefined;
    const caller = judge({ ...stored, scopes: ADMIN_SCOPES.filter(scope => stored.scopes.includes(scope)) }, clock());
    if (typeof caller === 'object') await noteCredentialUse(database.db, digest, clock(), USE_NOTED_EVERY_MS);
    return caller;
  }

  return {
    byDigest,
    find: secret => byDigest(digestHex(secret)),
    isConfigured: name => configured.some(credential => credential.name === name),
    async list() {
      const now = clock();
      const declared = configured.map((credential): CredentialSummary => ({
        ...summaryOf(credential, now),
        lastUsedAt: null,
        from: 'configuration',
        createdBy: null,
      }));
      const made = (await listCredentials(database.db)).map((credential): CredentialSummary => ({
        ...summaryOf(credential, now),
        lastUsedAt: credential.lastUsedAt === undefined ? null : new Date(credential.lastUsedAt).toISOString(),
        from: 'command',
        createdBy: credential.createdBy,
      }));
      return [...declared, ...made];
    },
  };
}

function judge(credential: ConfiguredCredential, now: number): CredentialCaller | string {
  const { name, digest, scopes, expiresAt } = credential;
  if (expiresAt !== undefined && expiresAt <= now)
    return `credential ${JSON.stringify(name)} expired at ${new Date(expiresAt).toISOString()}`;
  return { name, digest, scopes: new Set(scopes), expiresAt };
}

function summaryOf(
  { name, scopes, expiresAt }: { name: string; scopes: readonly string[]; expiresAt: number | undefined },
  now: number,
): Pick<CredentialSummary, 'name' | 'scopes' | 'state' | 'expiresAt'> {
  const left = expiresAt === undefined ? Infinity : expiresAt - now;
  return {
    name,
    scopes: [...scopes],
    state: left <= 0 ? 'expired' : left <= TOKEN_WARNING_DAYS * 86_400_000 ? 'expiring' : 'active',
    expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
  };
}
