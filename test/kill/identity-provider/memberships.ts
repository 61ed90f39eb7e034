/** What the identity provider does with the members of groups: one by one, many at once, and all of them. */
import { asShared, type Caller, idsOf } from './caller';
import { addMembersPatch, groupBody, removeMembersPatch, replaceMembersPatch } from './messages';

export class Memberships {
  constructor(private readonly caller: Caller) {}

  addMember(): Promise<boolean> {
    return this.changeMembers('in', 1);
  }
  removeMember(): Promise<boolean> {
    return this.changeMembers('out', 1);
  }
  addMembers(): Promise<boolean> {
    return this.changeMembers('in', this.caller.random.between(2, 8));
  }
  removeMembers(): Promise<boolean> {
    return this.changeMembers('out', this.caller.random.between(2, 5));
  }

  private async changeMembers(to: 'in' | 'out', count: number): Promise<boolean> {
    const groups = this.caller.model.presentGroups();
    if (groups.length === 0) return false;
    const group = this.caller.random.pick(groups);
    const candidates = this.caller.model
      .presentPeople()
      .filter(({ key }) => (group.members.get(key) === 'in') !== (to === 'in'));
    const people = this.caller.random.sample(candidates, count);
    if (people.length === 0) return false;
    const { key } = group;
    const claims = [
      { key, shared: true },
      ...people.flatMap(person => [asShared(person), { key: `${key} ${person.key}` }]),
    ];
    return await this.caller.holding(claims, async () => {
      if (!group.present || !people.every(person => person.present)) return;
      const body = to === 'in' ? addMembersPatch(idsOf(people), this.caller.random) : removeMembersPatch(idsOf(people));
      const answer = await this.caller.scim.send('PATCH', `/Groups/${group.id}`, body);
      if (answer === undefined) for (const person of people) group.members.set(person.key, 'maybe');
      else if (this.caller.accepted(answer, [200, 204], `members of ${group.name}`)) {
        for (const person of people)
          if (to === 'in') group.members.set(person.key, 'in');
          else group.members.delete(person.key);
      }
    });
  }

  /** Everybody at once: by PUT, or by a PATCH that replaces. */
  async replaceMembers(): Promise<boolean> {
    const groups = this.caller.model.presentGroups();
    if (groups.length === 0) return false;
    const group = this.caller.random.pick(groups);
    const present = this.caller.model.presentPeople();
    const stay = present.filter(({ key }) => group.members.has(key) && this.caller.random.chance(0.8));
    const join = this.caller.random.sample(present, this.caller.random.between(0, 4));
    const people = [...new Set([...stay, ...join])];
    return await this.caller.holding([{ key: group.key }, ...people.map(asShared)], async () => {
      if (!group.present || !people.every(person => person.present)) return;
      const { name } = group;
      const whole = this.caller.random.chance(0.6);
      const answer = whole
        ? await this.caller.scim.send('PUT', `/Groups/${group.id}`, groupBody(name, idsOf(people)))
        : await this.caller.scim.send('PATCH', `/Groups/${group.id}`, replaceMembersPatch(idsOf(people)));
      if (answer === undefined) {
        for (const key of group.members.keys()) group.members.set(key, 'maybe');
        for (const person of people) group.members.set(person.key, 'maybe');
      } else if (this.caller.accepted(answer, [200, 204], `members of ${group.name}`)) {
        group.members.clear();
        for (const { key } of people) group.members.set(key, 'in');
        if (whole) group.possibleNames = [name];
      }
    });
  }
}
