/**
 * An identity provider under load: it changes people and groups as chance wants, repeats what was not answered, and
 * keeps book of what it was told is done. An answer that can't be, judged by its book, is written down as a loss.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MEANINGS, TEAM_PREFIX } from './declaration';
import { type DirectoryModel, GroupEntry, PersonEntry, type PersonState } from './directory-model';
import { type Claim, type Locks } from './locks';
import {
  activePatch,
  addMembersPatch,
  groupBody,
  patchBody,
  removeMembersPatch,
  renamePatch,
  replaceMembersPatch,
  userBody,
} from './messages';
import { type Random } from './random';
import { type Answer, type ScimClient } from './scim-client';

/** How often each is done, beside the others. */
const WEIGHTS = {
  createPerson: 8,
  recreatePerson: 2,
  rename: 4,
  deactivate: 4,
  reactivate: 5,
  deletePerson: 1,
  createTeam: 2,
  recreateTeam: 1,
  renameTeam: 1,
  deleteTeam: 1,
  addMember: 14,
  removeMember: 8,
  addMembers: 5,
  removeMembers: 3,
  replaceMembers: 3,
  readPerson: 2,
} as const;

const MOST_PEOPLE = 60;
const MOST_TEAMS = 8;

export class IdentityProvider {
  /** Answers that contradict the book: something that was acknowledged is not there. */
  readonly losses: string[] = [];
  readonly done = new Map<string, number>();
  private ended = false;
  private people = 0;
  private teams = 0;

  constructor(
    private readonly model: DirectoryModel,
    private readonly scim: ScimClient,
    private readonly locks: Locks,
    private readonly random: Random,
    private readonly name: string,
  ) {}

  end(): void {
    this.ended = true;
  }

  /** Creates the groups that the mappings name. */
  async prepare(): Promise<void> {
    for (const name of Object.keys(MEANINGS)) {
      const group = new GroupEntry(name, true);
      this.model.groups.push(group);
      await this.createGroup(group, []);
    }
  }

  /** Works until told to end. */
  async work(): Promise<void> {
    while (!this.ended) {
      const operation = this.random.weighted(WEIGHTS);
      const did = await this[operation]();
      if (did) this.done.set(operation, (this.done.get(operation) ?? 0) + 1);
      await sleep(did ? this.random.between(0, 20) : 1);
    }
  }

  private async createPerson(): Promise<boolean> {
    if (this.model.people.size >= MOST_PEOPLE) return false;
    this.people += 1;
    const email = `${this.name}${this.people}@kill.example`;
    const person = new PersonEntry(email);
    this.model.people.set(email, person);
    return await this.holding([{ key: email }], () => this.create(person));
  }

  private async recreatePerson(): Promise<boolean> {
    const gone = [...this.model.people.values()].filter(
      person => !person.lostSight && person.possible.length === 1 && person.possible[0] === null,
    );
    if (gone.length === 0) return false;
    const person = this.random.pick(gone);
    return await this.holding([{ key: person.email }], () => this.create(person));
  }

  private async create(person: PersonEntry): Promise<void> {
    const { email } = person;
    const [handle = ''] = email.split('@');
    const state: PersonState = {
      userName: email,
      fullName: `${handle} Person`,
      active: this.random.chance(0.9),
    };
    person.creations += 1;
    const body = userBody(email, state);
    const answer = await this.scim.send('POST', '/Users', body);
    if (answer?.status === 201) {
      person.id = String(answer.body['id']);
      person.possible = [state];
      return;
    }
    if (answer?.status === 409 && answer.repeated) {
      // It had been done: looked up and stated again, as identity providers do.
      const id = await this.lookUp('Users', `userName eq "${state.userName}"`);
      if (id === undefined) return this.lose(`user ${email} is there by 409 and not there by look-up`);
      person.id = id;
      const again = await this.scim.send('PUT', `/Users/${id}`, body);
      if (again === undefined || again.status === 200) {
        person.possible = [state];
        return;
      }
      return this.lose(`PUT of ${email} answered ${again.status}`);
    }
    if (answer !== undefined)
      return this.lose(`POST of ${email} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    person.possible = [null, state];
    person.id = undefined;
    person.lostSight = true;
  }

  private rename(): Promise<boolean> {
    return this.changePerson(
      () => true,
      person => {
        person.renames += 1;
        const [handle = ''] = person.email.split('@');
        const version = person.renames;
        return before => ({
          ...before,
          userName: `${handle}.v${version}@kill.example`,
          fullName: `${handle} Person the ${version}th`,
        });
      },
      next => renamePatch(next),
    );
  }

  private deactivate(): Promise<boolean> {
    return this.changePerson(
      state => state.active,
      () => before => ({ ...before, active: false }),
      () => activePatch(false, this.random),
    );
  }

  private reactivate(): Promise<boolean> {
    return this.changePerson(
      state => !state.active,
      () => before => ({ ...before, active: true }),
      () => activePatch(true, this.random),
    );
  }

  private async changePerson(
    suits: (state: PersonState) => boolean,
    changeOf: (person: PersonEntry) => (before: PersonState) => PersonState,
    patch: (next: PersonState) => object,
  ): Promise<boolean> {
    const candidates = this.model.presentPeople().filter(person => person.latest !== undefined && suits(person.latest));
    if (candidates.length === 0) return false;
    const person = this.random.pick(candidates);
    return await this.holding([{ key: person.email }], async () => {
      const { latest } = person;
      if (latest === undefined || !person.present) return;
      const change = changeOf(person);
      const next = change(latest);
      // A PUT states everything; a PATCH leaves open what was open.
      const whole = this.random.chance(0.4);
      const effect = whole ? () => next : change;
      const answer = whole
        ? await this.scim.send('PUT', `/Users/${person.id}`, userBody(person.email, next))
        : await this.scim.send('PATCH', `/Users/${person.id}`, patch(next));
      if (answer === undefined) person.doubt(effect);
      else if (this.accepted(answer, [200, 204], `change of ${person.email}`)) person.settle(effect);
    });
  }

  private async deletePerson(): Promise<boolean> {
    const candidates = this.model.presentPeople();
    if (candidates.length < 5) return false;
    const person = this.random.pick(candidates);
    return await this.holding([{ key: person.email }], async () => {
      if (!person.present) return;
      const answer = await this.scim.send('DELETE', `/Users/${person.id}`);
      if (answer === undefined) {
        person.possible = [...person.possible, null];
        person.lostSight = true;
      } else if (this.accepted(answer, answer.repeated ? [204, 404] : [204], `DELETE of ${person.email}`)) {
        person.possible = [null];
        person.id = undefined;
        this.model.forgetMemberships(person.email);
      }
    });
  }

  private async readPerson(): Promise<boolean> {
    const candidates = this.model.presentPeople();
    if (candidates.length === 0) return false;
    const person = this.random.pick(candidates);
    return await this.holding([{ key: person.email }], async () => {
      const { certain } = person;
      if (!person.present || certain === undefined) return;
      const answer = await this.scim.send('GET', `/Users/${person.id}`);
      if (answer === undefined || !this.accepted(answer, [200], `GET of ${person.email}`)) return;
      const { userName, active, displayName } = answer.body;
      if (userName !== certain.userName || active !== certain.active || displayName !== certain.fullName)
        this.lose(
          `${person.email} was acknowledged as ${JSON.stringify(certain)} and reads ${JSON.stringify({ userName, displayName, active })}`,
        );
    });
  }

  private async createTeam(): Promise<boolean> {
    if (this.model.groups.filter(group => !group.mapped && group.present).length >= MOST_TEAMS) return false;
    this.teams += 1;
    const group = new GroupEntry(`${TEAM_PREFIX}${this.name}${this.teams}`, false);
    this.model.groups.push(group);
    return await this.createWithMembers(group);
  }

  private async recreateTeam(): Promise<boolean> {
    const gone = this.model.groups.filter(
      group => !group.lostSight && group.possible.length === 1 && group.possible[0] === false,
    );
    if (gone.length === 0) return false;
    return await this.createWithMembers(this.random.pick(gone));
  }

  private async createWithMembers(group: GroupEntry): Promise<boolean> {
    const members = this.random.chance(0.5)
      ? this.random.sample(this.model.presentPeople(), this.random.between(1, 6))
      : [];
    return await this.holding([{ key: group.key }, ...members.map(asShared)], async () => {
      if (members.every(member => member.present)) await this.createGroup(group, members);
    });
  }

  private async createGroup(group: GroupEntry, members: readonly PersonEntry[]): Promise<void> {
    const body = groupBody(group.name, idsOf(members));
    let answer = await this.scim.send('POST', '/Groups', body);
    if (answer?.status === 409 && answer.repeated) {
      const id = await this.lookUp('Groups', `displayName eq "${group.name}"`);
      if (id === undefined) return this.lose(`group ${group.name} is there by 409 and not there by look-up`);
      group.id = id;
      answer = await this.scim.send('PUT', `/Groups/${id}`, body);
    }
    if (answer === undefined) {
      group.possible = [false, true];
      group.lostSight = true;
      for (const { email } of members) group.members.set(email, 'maybe');
      return;
    }
    if (!this.accepted(answer, [201, 200], `creation of ${group.name}`)) return;
    group.id = String(answer.body['id']);
    group.possible = [true];
    group.members.clear();
    for (const { email } of members) group.members.set(email, 'in');
  }

  private async renameTeam(): Promise<boolean> {
    const group = this.team();
    if (group === undefined) return false;
    return await this.holding([{ key: group.key }], async () => {
      if (!group.present) return;
      this.teams += 1;
      const name = `${TEAM_PREFIX}${this.name}${this.teams}`;
      const answer = await this.scim.send(
        'PATCH',
        `/Groups/${group.id}`,
        patchBody({ op: 'replace', path: 'displayName', value: name }),
      );
      if (answer === undefined) group.possibleNames.push(name);
      else if (this.accepted(answer, [200, 204], `renaming of ${group.name}`)) group.possibleNames = [name];
    });
  }

  private async deleteTeam(): Promise<boolean> {
    const group = this.team();
    if (group === undefined) return false;
    return await this.holding([{ key: group.key }], async () => {
      if (!group.present) return;
      const answer = await this.scim.send('DELETE', `/Groups/${group.id}`);
      if (answer === undefined) {
        group.possible = [true, false];
        group.lostSight = true;
      } else if (this.accepted(answer, answer.repeated ? [204, 404] : [204], `DELETE of ${group.name}`)) {
        group.possible = [false];
        group.possibleNames = [group.name];
        group.id = undefined;
        group.members.clear();
      }
    });
  }

  private team(): GroupEntry | undefined {
    const teams = this.model.presentGroups().filter(group => !group.mapped);
    return teams.length === 0 ? undefined : this.random.pick(teams);
  }

  private addMember(): Promise<boolean> {
    return this.changeMembers('in', 1);
  }
  private removeMember(): Promise<boolean> {
    return this.changeMembers('out', 1);
  }
  private addMembers(): Promise<boolean> {
    return this.changeMembers('in', this.random.between(2, 8));
  }
  private removeMembers(): Promise<boolean> {
    return this.changeMembers('out', this.random.between(2, 5));
  }

  private async changeMembers(to: 'in' | 'out', count: number): Promise<boolean> {
    const groups = this.model.presentGroups();
    if (groups.length === 0) return false;
    const group = this.random.pick(groups);
    const candidates = this.model
      .presentPeople()
      .filter(({ email }) => (group.members.get(email) === 'in') !== (to === 'in'));
    const people = this.random.sample(candidates, count);
    if (people.length === 0) return false;
    const { key } = group;
    const claims = [
      { key, shared: true },
      ...people.flatMap(person => [asShared(person), { key: `${key} ${person.email}` }]),
    ];
    return await this.holding(claims, async () => {
      if (!group.present || !people.every(person => person.present)) return;
      const body = to === 'in' ? addMembersPatch(idsOf(people), this.random) : removeMembersPatch(idsOf(people));
      const answer = await this.scim.send('PATCH', `/Groups/${group.id}`, body);
      if (answer === undefined) for (const { email } of people) group.members.set(email, 'maybe');
      else if (this.accepted(answer, [200, 204], `members of ${group.name}`)) {
        for (const { email } of people)
          if (to === 'in') group.members.set(email, 'in');
          else group.members.delete(email);
      }
    });
  }

  /** Everybody at once: by PUT, or by a PATCH that replaces. */
  private async replaceMembers(): Promise<boolean> {
    const groups = this.model.presentGroups();
    if (groups.length === 0) return false;
    const group = this.random.pick(groups);
    const present = this.model.presentPeople();
    const stay = present.filter(({ email }) => group.members.has(email) && this.random.chance(0.8));
    const join = this.random.sample(present, this.random.between(0, 4));
    const people = [...new Set([...stay, ...join])];
    return await this.holding([{ key: group.key }, ...people.map(asShared)], async () => {
      if (!group.present || !people.every(person => person.present)) return;
      const { name } = group;
      const whole = this.random.chance(0.6);
      const answer = whole
        ? await this.scim.send('PUT', `/Groups/${group.id}`, groupBody(name, idsOf(people)))
        : await this.scim.send('PATCH', `/Groups/${group.id}`, replaceMembersPatch(idsOf(people)));
      if (answer === undefined) {
        for (const email of group.members.keys()) group.members.set(email, 'maybe');
        for (const { email } of people) group.members.set(email, 'maybe');
      } else if (this.accepted(answer, [200, 204], `members of ${group.name}`)) {
        group.members.clear();
        for (const { email } of people) group.members.set(email, 'in');
        if (whole) group.possibleNames = [name];
      }
    });
  }

  private async lookUp(resource: 'Users' | 'Groups', filter: string): Promise<string | undefined> {
    const { Resources } = await this.scim.read(`/${resource}?filter=${encodeURIComponent(filter)}`);
    const [first] = (Resources ?? []) as { id: string }[];
    return first?.id;
  }

  private accepted(answer: Answer, wanted: readonly number[], what: string): boolean {
    if (wanted.includes(answer.status)) return true;
    this.lose(`${what} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`);
    return false;
  }

  private lose(what: string): void {
    this.losses.push(what);
  }

  private async holding(claims: readonly Claim[], task: () => Promise<void>): Promise<boolean> {
    const release = this.locks.take(claims);
    if (release === undefined) return false;
    try {
      await task();
      return true;
    } finally {
      release();
    }
  }
}

function asShared({ email }: PersonEntry): Claim {
  return { key: email, shared: true };
}

function idsOf(people: readonly PersonEntry[]): string[] {
  return people.flatMap(({ id }) => id ?? []);
}
