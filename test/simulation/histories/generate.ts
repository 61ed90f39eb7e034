/** Histories by chance: a few people and groups, what happens to them in a company, and the odd hand in Coder. */
import { DOCUMENT, GUARDED, TEAMS } from '../scenarios/common';
import { Random } from '../time/random';
import { type Scenario } from './scenario';
import { type Declaration, type Hand, type Step } from './step';

interface Someone {
  readonly key: string;
  email: string;
  active: boolean;
  gone: boolean;
  signedIn: boolean;
}

const NAMES = ['ada', 'ben', 'cleo', 'dan', 'eva', 'finn'];
const GROUPS = ['engineering', 'admins', 'team-blue', 'team-red'];

class Company {
  readonly people: Someone[] = [];
  readonly groups = new Map<string, { name: string; gone: boolean; readonly first: string }>();
  readonly mayHold = new Set<string>();
  mayHoldAll = false;
  atOnce = false;
  away = false;
  /** Who had an address before. */
  readonly #formerEmails = new Map<string, Set<string>>();
  #count = 0;

  constructor(private readonly random: Random) {}

  get living(): Someone[] {
    return this.people.filter(person => !person.gone);
  }

  get openGroups(): string[] {
    return [...this.groups].flatMap(([key, group]) => (group.gone ? [] : [key]));
  }

  hire(): Step | undefined {
    const { random } = this;
    const isFree = (email: string) => !this.living.some(person => person.email === email);
    const left = this.people.filter(
      person =>
        (person.gone || !person.active) && !this.living.some(other => other.active && other.email === person.email),
    );
    this.#count += 1;
    if (left.length > 0 && random.chance(0.3)) {
      // Somebody who was here before comes again, as a new object of the identity provider.
      const before = random.pick(left);
      const key = `${before.key.split('-')[0] ?? ''}-${this.#count}`;
      // Whoever had the address and has signed in keeps it in Coder until the next time.
      const former = this.#formerEmails.get(before.email);
      const known = this.people.filter(person => person.email === before.email || former?.has(person.key) === true);
      if (known.some(person => person.signedIn)) this.mayHold.add(key);
      this.people.push({ key, email: before.email, active: true, gone: false, signedIn: false });
      return { do: 'hire', who: key, email: before.email, userName: `${key}@login.example` };
    }
    const name = NAMES.find(one => !this.people.some(person => person.key === one)) ?? `p${this.#count}`;
    const email = `${name}@corp.example`;
    if (!isFree(email)) return undefined;
    this.people.push({ key: name, email, active: true, gone: false, signedIn: false });
    return { do: 'hire', who: name };
  }

  group(people: readonly Someone[] = this.living): Step | undefined {
    const { random } = this;
    const name = random.pick(GROUPS);
    // Of what happens at once, the order is not known: a name is given again only by itself.
    const taken = [...this.groups.values()].some(
      group => (group.name === name && !group.gone) || (this.atOnce && (group.name === name || group.first === name)),
    );
    if (taken) return undefined;
    this.#count += 1;
    const key = `${name}#${this.#count}`;
    this.groups.set(key, { name, gone: false, first: name });
    return { do: 'group', group: key, name, members: random.some(people, 3).map(person => person.key) };
  }

  /** Something that the identity provider says, about `not` nobody and nothing of these. */
  request(not: ReadonlySet<string>): Step | undefined {
    const { random } = this;
    const people = this.living.filter(person => !not.has(person.key));
    const groups = this.openGroups.filter(group => !not.has(group));
    const draw = random.next();
    if (draw < 0.12) return this.hire();
    if (draw < 0.2) return this.group(people);
    if (draw < 0.6) {
      if (people.length === 0) return undefined;
      return this.#personal(random.pick(people));
    }
    if (groups.length === 0) return undefined;
    return this.#grouped(random.pick(groups), people);
  }

  #personal(person: Someone): Step {
    const { random } = this;
    const who = person.key;
    const by = random.chance(0.3) ? 'PUT' : 'PATCH';
    const draw = random.next();
    if (draw < 0.45) {
      if (person.active) {
        person.active = false;
        return { do: 'leave', who, by };
      }
      const taken = this.living.some(other => other !== person && other.active && other.email === person.email);
      if (!taken) {
        person.active = true;
        return { do: 'return', who, by };
      }
    }
    if (draw < 0.65) {
      person.gone = true;
      return { do: 'remove', who };
    }
    this.#count += 1;
    if (draw < 0.9) {
      const email = this.#passedOn(person) ?? `${who}.${this.#count}@corp.example`;
      person.email = email;
      return { do: 'change', who, email, by };
    }
    return { do: 'change', who, userName: `${who}.${this.#count}@login.example`, by };
  }

  /** Now and then an address that somebody else had, or two of them swap theirs. */
  #passedOn(person: Someone): string | undefined {
    const free = [...this.#formerEmails.keys()].filter(email => !this.living.some(other => other.email === email));
    this.#formerEmails.set(person.email, (this.#formerEmails.get(person.email) ?? new Set()).add(person.key));
    // Of what happens at once, the order is not known.
    if (this.atOnce || !this.random.chance(0.5)) return undefined;
    if (free.length === 0) return undefined;
    // Whoever has signed in keeps the old one in Coder until the next time.
    for (const { key, signedIn } of this.people) if (signedIn) this.mayHold.add(key);
    if (this.people.some(({ signedIn }) => signedIn)) this.mayHold.add(person.key);
    return this.random.pick(free);
  }

  #grouped(key: string, people: readonly Someone[]): Step | undefined {
    const { random } = this;
    const who = random.some(people, 1 + random.below(3)).map(person => person.key);
    const draw = random.next();
    if (draw < 0.35) return { do: 'join', group: key, who };
    if (draw < 0.6) return { do: 'quit', group: key, who };
    if (draw < 0.8) return { do: 'members', group: key, who, by: random.chance(0.5) ? 'PUT' : 'PATCH' };
    const group = this.groups.get(key);
    if (draw < 0.92 && group !== undefined && group.name.startsWith('team-')) {
      this.#count += 1;
      group.name = `team-${this.#count}`;
      return { do: 'rename', group: key, to: group.name };
    }
    if (group === undefined) return undefined;
    if (!group.name.startsWith('team-')) {
      // The guard asks before it believes that a group which a mapping reads is gone.
      if (random.chance(0.8)) return undefined;
      this.mayHoldAll = true;
    }
    group.gone = true;
    return { do: 'disband', group: key };
  }

  /** Requests about one person, or one group, that come to the same in any order: one comes while another is being dealt with. */
  overlapping(): Step | undefined {
    const { random } = this;
    const groups = random.some(this.openGroups, 2);
    const people = random.some(
      this.living.filter(({ active }) => active),
      3,
    );
    const [group, another = group] = groups;
    const [person] = people;
    if (group === undefined || another === undefined || person === undefined) return undefined;
    const who = person.key;
    const some: Step[] = [];
    if (random.chance(0.5)) {
      some.push({ do: 'join', group, who: [who] });
      if (another !== group) some.push({ do: 'quit', group: another, who: [who] });
      if (random.chance(0.5)) {
        person.active = false;
        some.push({ do: 'leave', who, by: 'PATCH' });
      } else {
        this.#count += 1;
        some.push({ do: 'change', who, userName: `${who}.${this.#count}@login.example`, by: 'PATCH' });
      }
    } else for (const { key } of people) some.push({ do: random.chance(0.6) ? 'join' : 'quit', group, who: [key] });
    return { do: 'together', steps: some, apart: 1 + random.below(15) };
  }

  /** Several requests in one. */
  bulk(): Step | undefined {
    const busy = new Set<string>();
    this.atOnce = true;
    const some = steps(2 + this.random.below(2), () => {
      const step = this.request(busy);
      for (const key of step === undefined ? [] : keysOf(step)) busy.add(key);
      return step?.do === 'hire' || step?.do === 'group' ? undefined : step;
    });
    this.atOnce = false;
    return some.length === 0 ? undefined : { do: 'bulk', steps: some };
  }

  /** Somebody changes something in Coder; what nobody declares stays. */
  hand(): Step | undefined {
    const { random } = this;
    const people = this.living.filter(person => NAMES.includes(person.key));
    if (people.length === 0) return undefined;
    const username = random.pick(people).key;
    const hands: readonly Hand[] = [
      { verb: 'suspend', username },
      { verb: 'activate', username },
      { verb: 'site-roles', username, roles: ['auditor'] },
      { verb: 'add-to-group', username, group: 'engineering' },
      { verb: 'remove-from-group', username, group: 'engineering' },
    ];
    return { do: 'hand', hand: random.pick(hands) };
  }

  /** The operator takes a part of the declaration out, or puts everything back. */
  declare(guard: Declaration['guard']): Step {
    const parts: readonly Declaration[] = [
      TEAMS,
      { ...TEAMS, groupMappings: {} },
      { ...TEAMS, roleMappings: {} },
      DOCUMENT,
    ];
    return { do: 'declare', document: { ...this.random.pick(parts), guard: guard ?? {} } };
  }

  /** Now and then while something else is being dealt with, by the declaration before. */
  declares(guard: Declaration['guard']): Step {
    const { random } = this;
    const declared = this.declare(guard);
    if (random.chance(0.4)) return declared;
    this.atOnce = true;
    const other = this.request(new Set());
    this.atOnce = false;
    return other === undefined ? declared : { do: 'together', steps: [other, declared], apart: 1 + random.below(25) };
  }

  signIn(): Step | undefined {
    const people = this.living.filter(person => person.active);
    if (people.length === 0) return undefined;
    const person = this.random.pick(people);
    // Of two with one address the first to sign in gets the account of the other one, and nobody but Coder knows.
    if (this.living.some(other => other !== person && other.email === person.email)) return undefined;
    person.signedIn = true;
    // Whoever signs in with an address that somebody else's account may still bear gets that account: whose it is can not be told any more.
    const before = [...(this.#formerEmails.get(person.email) ?? [])].filter(key => key !== person.key);
    if (before.length > 0) for (const key of [person.key, ...before]) this.mayHold.add(key);
    return { do: 'sign-in', who: person.key };
  }
}

/** @param seed the same seed, the same history */
export function generate(seed: number): Scenario {
  const random = new Random(Math.imul(seed, 0x9e3779b1));
  random.next();
  const company = new Company(random);
  const guarded = random.chance(0.15);
  const guard: Declaration['guard'] = guarded
    ? { ...GUARDED.guard, minRemovals: 2 }
    : { maxRemovalsPercent: 100, minRemovals: 1_000 };
  const given: Step[] = [
    { do: 'declare', document: { ...TEAMS, guard } },
    ...steps(2 + random.below(2), () => company.hire()),
    ...steps(1 + random.below(2), () => company.group()),
    ...(random.chance(0.3) ? steps(1, () => company.signIn()) : []),
  ];
  const when = steps(3 + random.below(6), () => {
    const draw = random.next();
    if (draw < 0.08) return company.signIn();
    if (draw < 0.12) return { do: 'kill' };
    if (draw < 0.17) return { do: 'wait', seconds: random.pick([1, 5, 40]) };
    if (draw < 0.22) {
      company.away = !company.away;
      return { do: company.away ? 'away' : 'back' };
    }
    if (draw < 0.25) return { do: 'sweep' };
    if (draw < 0.28) return company.hand();
    if (draw < 0.33) return company.declares(guard);
    if (draw < 0.35) return company.bulk();
    if (draw < 0.45) return company.overlapping();
    if (draw < 0.6) {
      const busy = new Set<string>();
      company.atOnce = true;
      const together = steps(2 + random.below(2), () => {
        const step = company.request(busy);
        for (const key of step === undefined ? [] : keysOf(step)) busy.add(key);
        return step;
      });
      company.atOnce = false;
      return { do: 'together', steps: together };
    }
    return company.request(new Set());
  });
  return {
    name: `seed-${seed}`,
    promise: 'settles',
    replicas: random.chance(0.3) ? 2 : 1,
    given,
    when,
    mayHold: guarded || company.mayHoldAll ? 'everybody' : [...company.mayHold],
  };
}

/** Whom and what a step is about. */
function keysOf(step: Step): string[] {
  return [
    ...('who' in step ? (typeof step.who === 'string' ? [step.who] : step.who) : []),
    ...('group' in step ? [step.group] : []),
    ...('members' in step ? (step.members ?? []) : []),
  ];
}

function steps(count: number, draw: () => Step | undefined): Step[] {
  return Array.from({ length: count }, draw).filter(step => step !== undefined);
}
