/** A Coder client on a Coder double of its own, closed after the test. */
import { type CoderClient, createCoderClient } from '../../bridge/coder/client';
import { createCredential } from '../../bridge/coder/transport/credential';
import { CoderError } from '../../bridge/coder/transport/errors';
import { type CoderLimits } from '../../bridge/coder/transport/limits';
import { type CoderDouble, type CoderDoubleOptions, startCoderDouble } from '../support/coder-double';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

/** The two shapes of Coder that the client is tested on. */
export const VERSIONS = ['v2.36.0', 'v2.29.19'] as const;

export async function startDouble(options: CoderDoubleOptions = {}): Promise<CoderDouble> {
  const double = await startCoderDouble({ rateLimitPerMinute: 0, ...options });
  open.push(double);
  return double;
}

/** A client with the owner's token, or with one of another account. */
export function connect(
  double: { readonly url: string; readonly token?: string },
  token = double.token ?? 'abcdefghij-SecretSecretSecretSecre',
  limits: Partial<CoderLimits> = {},
): CoderClient {
  const credential = createCredential({ token });
  const client = createCoderClient({ url: double.url, credential, limits: { retryPauseMs: 1, ...limits } });
  open.push(client);
  return client;
}

/** The token of a new account with these roles. */
export function accountWith(double: CoderDouble, username: string, roles: readonly string[] = []): string {
  double.addUser(username, { roles: [...roles], loginType: 'password', status: 'active' });
  return double.issueToken(username);
}

export async function failure(call: Promise<unknown>): Promise<CoderError> {
  const error: unknown = await call.then(
    () => new Error('it succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof CoderError)) throw error;
  return error;
}

export async function gather<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
