/**
 * Who is signed in to the page. The cookie holds 256 random bits, the database their digest, the same for all replicas. A session by an
 * admin credential ends with the credential, one by OpenID Connect with the configuration that it was judged by.
 */
import { randomBytes } from 'node:crypto';
import { type Request, type Response } from 'express';
import { type AdminScope } from '../../contract/admin-api';
import { type Caller, digestHex } from '../../http/caller';
import { beginSession, endSession, readSession } from '../../store/access/sessions';
import { writeAudit } from '../../store/audit/audit';
import { type PageDeps } from '../deps';
import { readCookie } from './cookies';
import { digestOf } from './oidc';

/** What the page can do: nothing of Terraform's. */
const PAGE_SCOPES: readonly AdminScope[] = ['read', 'operate'];

/** A working day: after that the OpenID provider, or the credential, is asked again. */
export const SESSION_MS = 8 * 3_600_000;

export interface SignedIn {
  readonly caller: Caller;
  /** Stands in each form: another site can't know it. */
  readonly csrf: string;
}

/** Who is about to be signed in. */
export interface NewSession {
  readonly name: string;
  readonly scopes: readonly AdminScope[];
  /** Digest of the credential that was shown. @default signed in by OpenID Connect */
  readonly credential?: string | undefined;
  readonly expiresAt?: number | undefined;
  /** How, for the audit trail. */
  readonly how: string;
}

export interface Sessions {
  begin(response: Response, who: NewSession): Promise<void>;
  read(request: Request): Promise<SignedIn | undefined>;
  end(request: Request, response: Response): Promise<void>;
}

export function createSessions(deps: PageDeps, base: string): Sessions {
  const { database, credentials, clock, publicUrl } = deps;
  const signIn = deps.oidc === undefined ? undefined : digestOf(deps.oidc);
  const secure = publicUrl.startsWith('https://');
  const name = secure ? '__Secure-coder-scim-page' : 'coder-scim-page';
  // Lax, not Strict: the way back from an OpenID provider begins on another site. Forms carry their own proof.
  const options = { path: base, httpOnly: true, sameSite: 'lax', secure } as const;

  const secretOf = (request: Request): string | undefined => {
    const secret = readCookie(request, name);
    return secret !== undefined && /^[A-Za-z0-9_-]{43}$/.test(secret) ? secret : undefined;
  };

  return {
    async begin(response, who) {
      const secret = randomBytes(32).toString('base64url');
      const now = clock();
      const expiresAt = Math.min(now + SESSION_MS, who.expiresAt ?? Infinity);
      await database.transact(async db => {
        const { name: person, credential } = who;
        const scopes = who.scopes.filter(scope => PAGE_SCOPES.includes(scope));
        const basis = credential === undefined ? signIn : undefined;
        const session = { digest: digestHex(secret), name: person, scopes, credential, signIn: basis, expiresAt };
        await beginSession(db, session, now);
        await writeAudit(db, [
          {
            at: now,
            app: null,
            actor: 'operator',
            token: person,
            action: 'page.sign-in',
            result: 'done',
            detail: `${who.how}; may ${scopes.join(', ')}`,
          },
        ]);
      });
      response.cookie(name, secret, { ...options, maxAge: expiresAt - now });
    },
    async read(request) {
      const secret = secretOf(request);
      if (secret === undefined) return undefined;
      const session = await readSession(database.db, digestHex(secret));
      if (session === undefined || session.expiresAt <= clock()) return undefined;
      const csrf = digestHex(`csrf ${secret}`);
      if (session.credential === undefined) {
        // Its scopes are what the groups of then gave: under another configuration it is for the provider to say again.
        if (signIn === undefined || session.signIn !== signIn) return undefined;
        return { caller: { name: session.name, scopes: pageScopes(session.scopes) }, csrf };
      }
      const caller = await credentials.byDigest(session.credential);
      if (typeof caller !== 'object') return undefined;
      return { caller: { name: caller.name, scopes: pageScopes([...caller.scopes]) }, csrf };
    },
    async end(request, response) {
      const secret = secretOf(request);
      if (secret !== undefined) await endSession(database.db, digestHex(secret));
      response.clearCookie(name, options);
    },
  };
}

function pageScopes(scopes: readonly string[]): ReadonlySet<AdminScope> {
  return new Set(PAGE_SCOPES.filter(scope => scopes.includes(scope)));
}
