/** An identity provider as the bridge meets it: SCIM over HTTP, with the token of one app. */
import { type MappingStateInput } from '../../bridge/contract/mapping-state';
import { createCall, type ScimAnswer } from '../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export class IdentityProvider {
  constructor(
    readonly app: string,
    readonly tokens: NonNullable<MappingStateInput['tokens']>,
    private readonly token: string,
    private readonly url: () => string,
  ) {}

  /** The same one, speaking to this bridge alone. */
  at(url: string): IdentityProvider {
    return new IdentityProvider(this.app, this.tokens, this.token, () => url);
  }

  send(method: string, path: string, body?: unknown): Promise<ScimAnswer> {
    return createCall(this.url(), this.token)(method, path, body === undefined ? {} : { body });
  }

  /** As `send`. @throws Error when the answer is no success */
  async done(method: string, path: string, body?: unknown): Promise<ScimAnswer> {
    const answer = await this.send(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer;
  }

  /** @returns the SCIM id */
  async hire(userName: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const email = userName.includes('@') ? userName : `${userName}@example.com`;
    const { body } = await this.done('POST', '/Users', {
      schemas: [USER],
      userName,
      externalId: `object-of-${userName}`,
      emails: [{ value: email, primary: true }],
      active: true,
      ...more,
    });
    return body.id;
  }

  /** @returns their SCIM ids, in order */
  async hireAll(userNames: readonly string[]): Promise<string[]> {
    const ids: string[] = [];
    for (const userName of userNames) ids.push(await this.hire(userName));
    return ids;
  }

  async leave(id: string): Promise<void> {
    await this.done('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false }));
  }

  async comeBack(id: string): Promise<void> {
    await this.done('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: true }));
  }

  async changeEmail(id: string, email: string): Promise<void> {
    await this.done(
      'PATCH',
      `/Users/${id}`,
      patch({ op: 'replace', path: 'emails[primary eq true].value', value: email }),
    );
  }

  async remove(id: string): Promise<void> {
    await this.done('DELETE', `/Users/${id}`);
  }

  /** @returns the SCIM id */
  async group(
    displayName: string,
    members: readonly string[] = [],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<string> {
    const { body } = await this.done('POST', '/Groups', { ...groupBody(displayName, members), ...more });
    return body.id;
  }

  /** Replaces the members by PUT. */
  async setMembers(id: string, displayName: string, members: readonly string[]): Promise<void> {
    await this.done('PUT', `/Groups/${id}`, groupBody(displayName, members));
  }

  async join(group: string, ...members: readonly string[]): Promise<void> {
    await this.done('PATCH', `/Groups/${group}`, patch({ op: 'add', path: 'members', value: refer(members) }));
  }

  async quit(group: string, ...members: readonly string[]): Promise<void> {
    const operations = members.map(id => ({ op: 'remove', path: `members[value eq "${id}"]` }));
    await this.done('PATCH', `/Groups/${group}`, patch(...operations));
  }

  async rename(group: string, displayName: string): Promise<void> {
    await this.done('PATCH', `/Groups/${group}`, patch({ op: 'replace', path: 'displayName', value: displayName }));
  }
}

const refer = (members: readonly string[]) => members.map(value => ({ value }));

function groupBody(displayName: string, members: readonly string[]): object {
  return { schemas: [GROUP], displayName, members: refer(members) };
}

export function patch(...Operations: object[]): object {
  return { schemas: [PATCH], Operations };
}
