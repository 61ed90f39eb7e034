/** The few SCIM requests that `coder-scim verify` makes, as an identity provider would. */
import { tokenTextProblem } from '../../contract/token-text';

/** The SCIM endpoint refused, or did not answer. */
export class ScimCallError extends Error {
  override readonly name = 'ScimCallError';
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export interface ScimCalls {
  /** A page of one: shows that the token is accepted. */
  probe(): Promise<void>;
  createUser(user: { userName: string; email: string; displayName: string; externalId: string }): Promise<string>;
  createGroup(displayName: string, memberId: string): Promise<string>;
  findGroup(displayName: string): Promise<string | undefined>;
  addMember(groupId: string, memberId: string): Promise<void>;
  removeMember(groupId: string, memberId: string): Promise<void>;
  deactivate(userId: string): Promise<void>;
  delete(resource: 'Users' | 'Groups', id: string): Promise<void>;
}

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** @param baseUrl of the app, as pasted into an identity provider */
export function createScimCalls(baseUrl: string, token: string, timeoutMs = 30_000): ScimCalls {
  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    // Refused by us: whoever makes the header tells the whole of it.
    const problem = tokenTextProblem(token);
    if (problem !== undefined) throw new ScimCallError(`the SCIM token ${problem}`, 0);
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${baseUrl}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/scim+json',
          ...(body === undefined ? {} : { 'content-type': 'application/scim+json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      text = await response.text();
    } catch (cause) {
      const reason =
        cause instanceof Error ? (cause.cause instanceof Error ? cause.cause.message : cause.message) : String(cause);
      throw new ScimCallError(`${baseUrl} does not answer: ${reason}`, 0);
    }
    const answer = parseObject(text);
    if (response.ok) return answer;
    const detail =
      typeof answer['detail'] === 'string' ? answer['detail'] : `answer without detail, ${text.length} characters`;
    throw new ScimCallError(
      `${method} ${path.split('?')[0]} was answered ${response.status}: ${detail}`,
      response.status,
    );
  }

  const patch = (path: string, operation: object) => call('PATCH', path, { schemas: [PATCH], Operations: [operation] });
  const id = (answer: Record<string, unknown>): string => {
    if (typeof answer['id'] === 'string') return answer['id'];
    throw new ScimCallError(`${baseUrl} created something without saying its id: is this a coder-scim bridge?`, 200);
  };

  return {
    probe: async () => void (await call('GET', '/Users?startIndex=1&count=1')),
    createUser: async ({ userName, email, displayName, externalId }) =>
      id(
        await call('POST', '/Users', {
          schemas: [USER],
          userName,
          externalId,
          displayName,
          active: true,
          emails: [{ value: email, type: 'work', primary: true }],
        }),
      ),
    createGroup: async (displayName, memberId) =>
      id(await call('POST', '/Groups', { schemas: [GROUP], displayName, members: [{ value: memberId }] })),
    findGroup: async displayName => {
      const filter = encodeURIComponent(`displayName eq ${JSON.stringify(displayName)}`);
      const { Resources } = await call('GET', `/Groups?filter=${filter}&excludedAttributes=members`);
      const [first] = Array.isArray(Resources) ? (Resources as Record<string, unknown>[]) : [];
      return first === undefined ? undefined : id(first);
    },
    addMember: async (groupId, memberId) =>
      void (await patch(`/Groups/${groupId}`, { op: 'add', path: 'members', value: [{ value: memberId }] })),
    removeMember: async (groupId, memberId) =>
      void (await patch(`/Groups/${groupId}`, { op: 'remove', path: `members[value eq "${memberId}"]` })),
    deactivate: async userId => void (await patch(`/Users/${userId}`, { op: 'replace', path: 'active', value: false })),
    delete: async (resource, resourceId) => {
      await call('DELETE', `/${resource}/${resourceId}`).catch((error: unknown) => {
        if (!(error instanceof ScimCallError && error.status === 404)) throw error;
      });
    },
  };
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
