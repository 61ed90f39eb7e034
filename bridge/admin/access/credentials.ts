/** Admin credentials: those of the configuration, and those that were made by command. Digests alone are known of them. */
import { timingSafeEqual } from 'node:crypto';
import { ADMIN_SCOPES, type AdminScope, type CredentialSummary, TOKEN_WARNING_DAYS } from '../../contract/admin-api';
import { wasWithin } from '../../contract/was-within';
import { type Caller, digestHex } from '../../http/caller';
import {
  listCredentials,
  noteCredentialUse,
  readCredential,
  type StoredCredential,
} from '../../store/access/credentials';
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
const MOST_NOTED = 1_000;

export function createCredentials(
  database: Database,
  configured: readonly ConfiguredCredential[],
  clock: () => number,
): Credentials {
  const known = configured.map(credential => ({ credential, digest: Buffer.from(credential.digest, 'hex') }));
  const noted = new Map<string, number>();

  function note({ digest, lastUsedAt }: StoredCredential, now: number): void {
    if ([lastUsedAt, noted.get(digest)].some(at => wasWithin(now, at, USE_NOTED_EVERY_MS))) return;
    if (noted.size >= MOST_NOTED) noted.clear();
    noted.set(digest, now);
    // A lost note is made by a request of a minute later: it must not delay or fail this one, as where the database can be read alone.
    noteCredentialUse(database.db, digest, now).catch(() => undefined);
  }

  async function byDigest(digest: string): Promise<CredentialCaller | string | undefined> {
    const shown = Buffer.from(digest, 'hex');
    // All are compared, whichever fits: the time tells nothing. They need no database.
    const [own] = known.filter(other => timingSafeEqual(other.digest, shown)).map(other => other.credential);
    if (own !== undefined) return judge({ ...own, digest }, clock());
    const stored = await readCredential(database.db, digest);
    if (stored === undefined) return undefined;
    const now = clock();
    const caller = judge({ ...stored, scopes: ADMIN_SCOPES.filter(scope => stored.scopes.includes(scope)) }, now);
    if (typeof caller === 'object') note(stored, now);
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
