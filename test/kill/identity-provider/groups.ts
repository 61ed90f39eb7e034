/** What the identity provider does with groups as such; who is in them is in memberships.ts. */
import { MEANINGS, TEAM_PREFIX } from '../declaration';
import { asShared, type Caller, idsOf } from './caller';
import { GroupEntry, type PersonEntry } from './directory-model';
import { groupBody, patchBody } from './messages';

const MOST_TEAMS = 8;

export class Groups {
  private teams = 0;

  constructor(private readonly caller: Caller) {}

  /** Creates the groups that the mappings name. */
  async prepare(): Promise<void> {
    for (const name of Object.keys(MEANINGS)) {
      const group = new GroupEntry(name, true);
      this.caller.model.groups.push(group);
      await this.create(group, []);
    }
  }

  async createTeam(): Promise<boolean> {
    if (this.caller.model.groups.filter(group => !group.mapped && group.present).length >= MOST_TEAMS) return false;
    this.teams += 1;
    const group = new GroupEntry(`${TEAM_PREFIX}${this.caller.name}${this.teams}`, false);
    this.caller.model.groups.push(group);
    return await this.createWithMembers(group);
  }

  async recreateTeam(): Promise<boolean> {
    const gone = this.caller.model.groups.filter(
      group => !group.lostSight && group.possible.length === 1 && group.possible[0] === false,
    );
    if (gone.length === 0) return false;
    return await this.createWithMembers(this.caller.random.pick(gone));
  }

  private async createWithMembers(group: GroupEntry): Promise<boolean> {
    const members = this.caller.random.chance(0.5)
      ? this.caller.random.sample(this.caller.model.presentPeople(), this.caller.random.between(1, 6))
      : [];
    return await this.caller.holding([{ key: group.key }, ...members.map(asShared)], async () => {
      if (members.every(member => member.present)) await this.create(group, members);
    });
  }

  private async create(group: GroupEntry, members: readonly PersonEntry[]): Promise<void> {
    const body = groupBody(group.name, idsOf(members));
    let answer = await this.caller.scim.send('POST', '/Groups', body);
    if (answer?.status === 409 && answer.repeated) {
      const id = await this.caller.lookUp('Groups', `displayName eq "${group.name}"`);
      if (id === undefined) return this.caller.lose(`group ${group.name} is there by 409 and not there by look-up`);
      group.id = id;
      answer = await this.caller.scim.send('PUT', `/Groups/${id}`, body);
    }
    if (answer === undefined) {
      group.possible = [false, true];
      group.lostSight = true;
      for (const { key } of members) group.members.set(key, 'maybe');
      return;
    }
    if (!this.caller.accepted(answer, [201, 200], `creation of ${group.name}`)) return;
    group.id = String(answer.body['id']);
    group.possible = [true];
    group.members.clear();
    for (const { key } of members) group.members.set(key, 'in');
  }

  async renameTeam(): Promise<boolean> {
    const group = this.team();
    if (group === undefined) return false;
    return await this.caller.holding([{ key: group.key }], async () => {
      if (!group.present) return;
      this.teams += 1;
      const name = `${TEAM_PREFIX}${this.caller.name}${this.teams}`;
      const answer = await this.caller.scim.send(
        'PATCH',
        `/Groups/${group.id}`,
        patchBody({ op: 'replace', path: 'displayName', value: name }),
      );
      if (answer === undefined) group.possibleNames.push(name);
      else if (this.caller.accepted(answer, [200, 204], `renaming of ${group.name}`)) group.possibleNames = [name];
    });
  }

  async deleteTeam(): Promise<boolean> {
    const group = this.team();
    if (group === undefined) return false;
    return await this.caller.holding([{ key: group.key }], async () => {
      if (!group.present) return;
      const answer = await this.caller.scim.send('DELETE', `/Groups/${group.id}`);
      if (answer === undefined) {
        group.possible = [true, false];
        group.lostSight = true;
      } else if (this.caller.accepted(answer, answer.repeated ? [204, 404] : [204], `DELETE of ${group.name}`)) {
        group.possible = [false];
        group.possibleNames = [group.name];
        group.id = undefined;
        group.members.clear();
      }
    });
  }

  private team(): GroupEntry | undefined {
    const teams = this.caller.model.presentGroups().filter(group => !group.mapped);
    return teams.length === 0 ? undefined : this.caller.random.pick(teams);
  }
}
