/** Okta, in the order and the shapes in which it really talks. */
import { ScimCaller, idOf } from './scim-caller';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface OktaPerson {
  readonly login: string;
  readonly given: string;
  readonly family: string;
}

export class Okta {
  private readonly scim: ScimCaller;
  private readonly people = new Map<string, string>();
  private readonly groups = new Map<string, string>();

  constructor(base: string, token: string) {
    this.scim = new ScimCaller(base, token, { 'user-agent': 'Okta SCIM Client 1.0.0' });
  }

  async testConnection(): Promise<void> {
    await this.scim.call('GET', '/Users?startIndex=1&count=2', [200]);
    this.scim.report('“Test API Credentials”: the first page of users');
  }

  /** Assigning people to the app: a look-up, then a create for each. */
  async assign(people: readonly OktaPerson[]): Promise<void> {
    for (const person of people) {
      const found = await this.scim.call(
        'GET',
        `/Users?filter=${encodeURIComponent(`userName eq "${person.login}"`)}&startIndex=1&count=100`,
        [200],
      );
      if (found.body['totalResults'] !== 0) throw new Error(`${person.login} should not exist yet`);
      const created = await this.scim.call('POST', '/Users', [201], {
        schemas: [USER],
        userName: person.login,
        name: { givenName: person.given, familyName: person.family },
        emails: [{ primary: true, value: person.login, type: 'work' }],
        displayName: `${person.given} ${person.family}`,
        locale: 'en-US',
        externalId: `00u${person.login.split('@')[0]}`,
        groups: [],
        active: true,
      });
      this.people.set(person.login, idOf(created));
    }
    this.scim.report(`assigned: ${people.map(person => person.login.split('@')[0]).join(', ')}`);
  }

  /** Pushing groups: looked up by name, created empty, then the members, each time with the name. */
  async pushGroups(groups: Readonly<Record<string, readonly string[]>>): Promise<void> {
    for (const [name, members] of Object.entries(groups)) {
      await this.scim.call(
        'GET',
        `/Groups?filter=${encodeURIComponent(`displayName eq "${name}"`)}&startIndex=1&count=100`,
        [200],
      );
      const created = await this.scim.call('POST', '/Groups', [201], {
        schemas: [GROUP],
        displayName: name,
        members: [],
      });
      this.groups.set(name, idOf(created));
      await this.rename(name);
      await this.patchMembers(
        name,
        members.map(login => this.add(login)),
      );
    }
    this.scim.report(
      `pushed groups: ${Object.entries(groups)
        .map(([name, members]) => `${name} (${members.length})`)
        .join(', ')}`,
    );
  }

  /** One person from one group to another: two pushes, one for each group. */
  async move(login: string, from: string, to: string): Promise<void> {
    await this.rename(from);
    await this.patchMembers(from, [{ op: 'remove', path: `members[value eq "${this.person(login)}"]` }]);
    await this.rename(to);
    await this.patchMembers(to, [this.add(login)]);
    this.scim.report(`moved ${login.split('@')[0]}: ${from} → ${to}`);
  }

  async join(login: string, group: string): Promise<void> {
    await this.rename(group);
    await this.patchMembers(group, [this.add(login)]);
    this.scim.report(`${login.split('@')[0]} joins ${group}`);
  }

  /** Okta never deletes: who loses the assignment becomes inactive. */
  async deactivate(login: string): Promise<void> {
    await this.scim.call('PATCH', `/Users/${this.person(login)}`, [200, 204], {
      schemas: [PATCH],
      Operations: [{ op: 'replace', value: { active: false } }],
    });
    this.scim.report(`${login.split('@')[0]} leaves: active = false`);
  }

  /** Coming back: the whole document as read, with `active` changed, read-only fields included. */
  async reactivate(login: string): Promise<void> {
    const { body } = await this.scim.call('GET', `/Users/${this.person(login)}`, [200]);
    await this.scim.call('PUT', `/Users/${this.person(login)}`, [200], { ...body, active: true });
    this.scim.report(`${login.split('@')[0]} comes back: PUT of the document with active = true`);
  }

  private rename(group: string): Promise<unknown> {
    const id = this.group(group);
    return this.scim.call('PATCH', `/Groups/${id}`, [200, 204], {
      schemas: [PATCH],
      Operations: [{ op: 'replace', value: { id, displayName: group } }],
    });
  }

  private patchMembers(group: string, operations: readonly unknown[]): Promise<unknown> {
    return this.scim.call('PATCH', `/Groups/${this.group(group)}`, [200, 204], {
      schemas: [PATCH],
      Operations: operations,
    });
  }

  private add(login: string): unknown {
    return { op: 'add', path: 'members', value: [{ value: this.person(login), display: login }] };
  }

  private person(login: string): string {
    const id = this.people.get(login);
    if (id === undefined) throw new Error(`${login} was never assigned`);
    return id;
  }

  private group(name: string): string {
    const id = this.groups.get(name);
    if (id === undefined) throw new Error(`${name} was never pushed`);
    return id;
  }
}
