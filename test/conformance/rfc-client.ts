/** A client for the checks against the RFCs: speaks plainly, makes people and groups that nobody else uses. */
import { type ScimAnswer, type ScimBody, type ScimServer } from '../support/scim-server';
import { ERROR, GROUP, PATCH_OP, USER } from './rfc-directory';

type Parameters = Readonly<Record<string, string | number>>;

export interface RfcClient {
  readonly call: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<ScimAnswer>;
  /** GET with a query string. */
  readonly query: (path: string, parameters: Parameters) => Promise<ScimAnswer>;
  readonly patch: (path: string, ...operations: object[]) => Promise<ScimAnswer>;
  readonly newUser: (further?: object) => Promise<ScimBody>;
  readonly newGroup: (further?: object) => Promise<ScimBody>;
  /** A name that was not given before. */
  readonly newName: () => string;
}

/** @param connection asked at each call, so that the server may be started later; without a token the server's own is used */
export function createRfcClient(connection: () => { server: ScimServer; token?: string }): RfcClient {
  let made = 0;
  const newName = () => `name${(made += 1)}`;

  const call: RfcClient['call'] = (method, path, body, headers = {}) => {
    const { server, token } = connection();
    return server.call(method, path, {
      headers,
      ...(body === undefined ? {} : { body }),
      ...(token === undefined ? {} : { token }),
    });
  };

  async function create(path: string, body: object): Promise<ScimBody> {
    const answer = await call('POST', path, body);
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  return {
    call,
    newName,
    query: (path, parameters) => call('GET', `${path}?${queryText(parameters)}`),
    patch: (path, ...Operations) => call('PATCH', path, { schemas: [PATCH_OP], Operations }),
    newUser: (further = {}) => create('/Users', { schemas: [USER], userName: newName(), ...further }),
    newGroup: (further = {}) => create('/Groups', { schemas: [GROUP], displayName: newName(), ...further }),
  };
}

/** Parameters as a query string. */
export function queryText(parameters: Parameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

/** The answer is this error and nothing else, in the form of RFC 7644 §3.12: status as text, a detail that says something. */
export function expectError(answer: ScimAnswer, status: number, scimType?: string): void {
  expect([answer.status, answer.headers['content-type'], answer.body]).toEqual([
    status,
    'application/scim+json',
    {
      schemas: [ERROR],
      status: String(status),
      ...(scimType === undefined ? {} : { scimType }),
      detail: expect.stringMatching(/\S/),
    },
  ]);
}
