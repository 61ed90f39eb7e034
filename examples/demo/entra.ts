/** Microsoft Entra ID in its default mode: capitalised operations, booleans as text, no User-Agent, removal by value. */
import { randomUUID } from 'node:crypto';
import { ScimCaller, idOf } from './scim-caller';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface EntraPerson {
  readonly upn: string;
  readonly name: string;
  readonly department: string;
}

export class Entra {
  private readonly scim: ScimCaller;
  private readonly people = new Map<string, string>();
  private readonly groups = new Map<string, string>();

  constructor(base: string, token: string) {
    this.scim = new ScimCaller(base, token, { 'user-agent': '' });
  }

  async testConnection(): Promise<void> {
    const found = await this.find('Users', `userName eq "${randomUUID()}"`);
    if (found.length > 0) throw new Error('a random user name was found');
    this.scim.report('“Test Connection”: a random user name, found nowhere');
  }

  async provision(people: readonly EntraPerson[]): Promise<void> {
    for (const person of people) {
      await this.find('Users', `userName eq "${person.upn}"`);
      const [given, family] = person.name.split(' ');
      const created = await this.scim.call('POST', '/Users', [201], {
        schemas: [USER, ENTERPRISE],
        externalId: randomUUID(),
        userName: person.upn,
        active: true,
        displayName: person.name,
        emails: [{ primary: true, type: 'work', value: person.upn }],
        meta: { resourceType: 'User' },
        name: { formatted: person.name, familyName: family, givenName: given },
        roles: [],
        [ENTERPRISE]: { department: person.department },
      });
      this.people.set(person.upn, idOf(created));
    }
    this.scim.report(`created: ${people.map(person => person.upn.split('@')[0]).join(', ')}`);
  }

  /** Groups come empty; their people follow in one request for many. */
  async provisionGroups(groups: Readonly<Record<string, readonly string[]>>): Promise<void> {
    for (const [name, members] of Object.entries(groups)) {
      await this.find('Groups', `displayName eq "${name}"`, '&excludedAttributes=members');
      const created = await this.scim.call('POST', '/Groups', [201], {
        schemas: [
          'urn:ietf:params:scim:schemas:core:2.0:Group',
          'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group',
        ],
        externalId: randomUUID(),
        displayName: name,
        meta: { resourceType: 'Group' },
      });
      this.groups.set(name, idOf(created));
      await this.patchGroup(name, [
        { op: 'Add', path: 'members', value: members.map(upn => ({ value: this.person(upn) })) },
      ]);
    }
    this.scim.report(
      `created groups: ${Object.entries(groups)
        .map(([name, members]) => `${name} (${members.length} in one request)`)
        .join(', ')}`,
    );
  }

  async removeFromGroup(upn: string, group: string): Promise<void> {
    await this.patchGroup(group, [{ op: 'Remove', path: 'members', value: [{ value: this.person(upn) }] }]);
    this.scim.report(`${upn.split('@')[0]} removed from ${group}`);
  }

  async addToGroup(upn: string, group: string): Promise<void> {
    await this.patchGroup(group, [{ op: 'Add', path: 'members', value: [{ value: this.person(upn) }] }]);
    this.scim.report(`${upn.split('@')[0]} added to ${group}`);
  }

  /** Disabled in Entra: `active` as text. */
  async disable(upn: string): Promise<void> {
    await this.scim.call('PATCH', `/Users/${this.person(upn)}`, [200, 204], {
      schemas: [PATCH],
      Operations: [{ op: 'Replace', path: 'active', value: 'False' }],
    });
    this.scim.report(`${upn.split('@')[0]} disabled: active = "False"`);
  }

  /** Thirty days after the disabling. */
  async remove(upn: string): Promise<void> {
    await this.scim.call('DELETE', `/Users/${this.person(upn)}`, [204]);
    this.scim.report(`${upn.split('@')[0]} deleted`);
  }

  private async find(resource: string, filter: string, more = ''): Promise<unknown[]> {
    const { body } = await this.scim.call('GET', `/${resource}?filter=${encodeURIComponent(filter)}${more}`, [200]);
    return Array.isArray(body['Resources']) ? (body['Resources'] as unknown[]) : [];
  }

  private patchGroup(group: string, operations: readonly unknown[]): Promise<unknown> {
    const id = this.groups.get(group);
    if (id === undefined) throw new Error(`${group} was never created`);
    return this.scim.call('PATCH', `/Groups/${id}`, [204, 200], { schemas: [PATCH], Operations: operations });
  }

  private person(upn: string): string {
    const id = this.people.get(upn);
    if (id === undefined) throw new Error(`${upn} was never created`);
    return id;
  }
}
