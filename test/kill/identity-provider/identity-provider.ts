/**
 * An identity provider under load: it changes people and groups as chance wants, repeats what was not answered, and
 * keeps book of what it was told is done. An answer that can't be, judged by its book, is written down as a loss.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller } from './caller';
import { Groups } from './groups';
import { Memberships } from './memberships';
import { People } from './people';

/** How often each is done, beside the others. */
const WEIGHTS = {
  createPerson: 8,
  recreatePerson: 4,
  rename: 3,
  changeAddress: 5,
  deactivate: 4,
  reactivate: 5,
  deletePerson: 3,
  createTeam: 3,
  recreateTeam: 2,
  renameTeam: 2,
  deleteTeam: 2,
  addMember: 14,
  removeMember: 8,
  addMembers: 5,
  removeMembers: 3,
  replaceMembers: 3,
  readPerson: 2,
} as const;

export class IdentityProvider {
  readonly done = new Map<string, number>();
  private readonly groups: Groups;
  private readonly operations: Readonly<Record<keyof typeof WEIGHTS, () => Promise<boolean>>>;
  private ended = false;

  constructor(private readonly caller: Caller) {
    const [people, groups, members] = [new People(caller), new Groups(caller), new Memberships(caller)];
    this.groups = groups;
    this.operations = {
      createPerson: () => people.create(),
      recreatePerson: () => people.recreate(),
      rename: () => people.rename(),
      changeAddress: () => people.changeAddress(),
      deactivate: () => people.deactivate(),
      reactivate: () => people.reactivate(),
      deletePerson: () => people.remove(),
      createTeam: () => groups.createTeam(),
      recreateTeam: () => groups.recreateTeam(),
      renameTeam: () => groups.renameTeam(),
      deleteTeam: () => groups.deleteTeam(),
      addMember: () => members.addMember(),
      removeMember: () => members.removeMember(),
      addMembers: () => members.addMembers(),
      removeMembers: () => members.removeMembers(),
      replaceMembers: () => members.replaceMembers(),
      readPerson: () => people.read(),
    };
  }

  /** Answers that contradict the book. */
  get losses(): readonly string[] {
    return this.caller.losses;
  }

  end(): void {
    this.ended = true;
  }

  /** Creates the groups that the mappings name. */
  prepare(): Promise<void> {
    return this.groups.prepare();
  }

  /** Works until told to end. */
  async work(): Promise<void> {
    const { random } = this.caller;
    while (!this.ended) {
      const operation = random.weighted(WEIGHTS);
      const did = await this.operations[operation]();
      if (did) this.done.set(operation, (this.done.get(operation) ?? 0) + 1);
      await sleep(did ? random.between(0, 20) : 1);
    }
  }
}
