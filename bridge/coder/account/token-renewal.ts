/**
 * Renews the bridge's own Coder token before it expires: owners' tokens live seven days at most. A new token is tried
 * before it is kept, and kept before the old one is deleted, so a crash at any point leaves one that works. Call it with
 * the lease `credential` held: two replicas must not renew at once.
 */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type RenewableCredential } from '../transport/credential';
import { CoderError } from '../transport/errors';
import { type Transport } from '../transport/transport';
import { ApiKey, CoderUser } from '../types';

/** When the token in use ends. */
export interface TokenExpiry {
  /** RFC 3339. */
  readonly expiresAt: string;
  readonly lifetimeMs: number | undefined;
  readonly name: string;
  /** Scopes; a token that is not `coder:all` (`all`) can not do the bridge's work. */
  readonly scopes: readonly string[];
}

export type Renewal =
  | { readonly outcome: 'not-due'; readonly expiresAt: string }
  | {
      readonly outcome: 'renewed';
      readonly expiresAt: string;
      readonly keptIn: 'file' | 'store';
      /** Whether the old token is deleted; when not, it ends by itself. */
      readonly oldDeleted: boolean;
    };

const NewToken = z.object({ key: z.string() });
const TokenConfig = z.object({ max_token_lifetime: z.number() });
const NANOSECONDS = 1_000_000;
const DAY_MS = 86_400_000;

// The part of a token before the hyphen names its key.
const keyIdOf = (token: string): string => token.split('-')[0] ?? '';

async function readKey(transport: Transport, token: string): Promise<ApiKey> {
  return transport.send({
    method: 'GET',
    path: '/users/me/keys/{key}',
    params: { key: keyIdOf(token) },
    read: ApiKey,
  });
}

/** Reads when the token in use expires. */
export async function readTokenExpiry(transport: Transport, credential: RenewableCredential): Promise<TokenExpiry> {
  const key = await readKey(transport, await credential.token());
  return {
    expiresAt: key.expiresAt,
    lifetimeMs: key.lifetimeSeconds === undefined ? undefined : key.lifetimeSeconds * 1_000,
    name: key.name,
    scopes: key.scopes,
  };
}

/**
 * Makes, tries and keeps the next token when two thirds of the current one's life are over (at most 30 days before its end).
 * @param options.force renew now, whatever is left
 * @throws CoderError when Coder refuses; CredentialError when the new token can't be kept (it is deleted again)
 */
export async function renewToken(
  transport: Transport,
  credential: RenewableCredential,
  options: { readonly now: number; readonly force?: boolean | undefined },
): Promise<Renewal> {
  const old = await credential.token();
  const key = await readKey(transport, old);
  const left = Date.parse(key.expiresAt) - options.now;
  const lifetimeMs = (key.lifetimeSeconds ?? 7 * 86_400) * 1_000;
  const due = left <= Math.min(lifetimeMs / 3, 30 * DAY_MS);
  if (!due && options.force !== true) return { outcome: 'not-due', expiresAt: key.expiresAt };

  const { max_token_lifetime } = await transport.send({
    method: 'GET',
    path: '/users/me/keys/tokens/tokenconfig',
    read: TokenConfig,
  });
  const wantedNs = Math.min(Math.max(lifetimeMs, DAY_MS) * NANOSECONDS, max_token_lifetime);
  const { key: next } = await transport.send({
    method: 'POST',
    path: '/users/me/keys/tokens',
    body: {
      lifetime: Math.floor(wantedNs),
      token_name: `coder-scim-${new Date(options.now).toISOString().slice(0, 10)}-${randomBytes(3).toString('hex')}`,
    },
    read: NewToken,
  });
  let keptIn: 'file' | 'store';
  let nextKey: ApiKey;
  try {
    await transport.send({ method: 'GET', path: '/users/me', read: CoderUser, token: next });
    nextKey = await readKey(transport, next);
    keptIn = await credential.replace(next);
  } catch (error) {
    await deleteKey(transport, next, old);
    throw error;
  }
  return {
    outcome: 'renewed',
    expiresAt: nextKey.expiresAt,
    keptIn,
    oldDeleted: await deleteKey(transport, old, next),
  };
}

/** Deletes a key with the other one; a failure is no reason to fail the renewal. */
async function deleteKey(transport: Transport, token: string, as: string): Promise<boolean> {
  try {
    await transport.send({
      method: 'DELETE',
      path: '/users/me/keys/{key}',
      params: { key: keyIdOf(token) },
      read: z.unknown(),
      idempotent: true,
      token: as,
    });
    return true;
  } catch (error) {
    if (error instanceof CoderError) return error.kind === 'not_found_or_forbidden';
    throw error;
  }
}
