/** Histories by chance: a few people and groups, what happens to them in a company, and the odd hand in Coder. */
import { ANOTHER_OWNER, DOCUMENT, GUARDED, TEAMS } from '../scenarios/common';
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

/** Where people of one app work. */
interface Firm {
  /** @default the history's only app */
  readonly app?: string;
  readonly names: readonly string[];
  /** What further people are called. */
  readonly others: string;
  readonly domain: string;
  readonly groups: readonly string[];
}

const CORP: Firm = {
  names: ['ada', 'ben', 'cleo', 'dan', 'eva', 'finn'],
  others: 'p',
  domain: 'corp.example',
  groups: ['engineering', 'admins', 'team-blue', 'team-red'],
};
const PARTNER: Firm = {
  app: 'partner',
  names: ['pia', 'paul', 'pavel'],
  others: 'q',
  domain: 'partner.example',
  groups: ['partners', 'partner-admins'],
};
const OF_PARTNER: Declaration = {
  groupMappings: { partners: { idpGroup: 'partners', group: 'partners' } },
  roleMappings: { admins: { idpGroup: 'partner-admins', role: 'template-admin' } },
};
/** Whoever is in engineering is in another organization as well. */
const IN_LAB: Declaration = {
  organizationMappings: { lab: { idpGroup: 'engineering', organization: 'lab' } },
  roleMappings: {
    ...DOCUMENT.roleMappings,
    lab: { idpGroup: 'admins', role: 'organization-auditor', organization: 'lab' },
  },
};

class Company {
  readonly people: Someone[] = [];
  readonly groups = new Map<string, { name: string; gone: boolean; readonly first: string }>();
  readonly mayHold = new Set<string>();
  mayHoldAll = false;
  atOnce = false;
  /** Who had an address before. */
  readonly #formerEmails = new Map<string, Set<string>>();
  #count = 0;

  constructor(
    private readonly random: Random,
    private readonly firm: Firm,
  ) {}

  get #app(): { readonly app?: string } {
    return this.firm.app === undefined ? {} : { app: this.firm.app };
  }

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
      return { do: 'hire', who: key, ...this.#app, email: before.email, userName: `${key}@login.example` };
    }
    const { names, others, domain } = this.firm;
    const name = names.find(one => !this.people.some(person => person.key === one)) ?? `${others}${this.#count}`;
    const email = `${name}@${domain}`;
    if (!isFree(email)) return undefined;
    this.people.push({ key: name, email, active: true, gone: false, signedIn: false });
    return { do: 'hire', who: name, ...this.#app, email };
  }

  group(people: readonly Someone[] = this.living): Step | undefined {
    const { random } = this;
    const name = random.pick(this.firm.groups);
    // Of what happens at once, the order is not known: a name is given again only by itself.
    const taken = [...this.groups.values()].some(
      group => (group.name === name && !group.gone) || (this.atOnce && (group.name === name || group.first === name)),
    );
    if (taken) return undefined;
    this.#count += 1;
    const key = `${name}#${this.#count}`;
    this.groups.set(key, { name, gone: false, first: name });
    return { do: 'group', group: key, ...this.#app, name, members: random.some(people, 3).map(person => person.key) };
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
      const email = this.#passedOn(person) ?? `${who}.${this.#count}@${this.firm.domain}`;
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
    const people = this.living.filter(person => this.firm.names.includes(person.key));
    if (people.length === 0) return undefined;
    const { key: username, active, signedIn } = random.pick(people);
    const group = random.pick(['engineering', ...this.firm.groups.filter(name => !name.startsWith('team-'))]);
    this.#count += 1;
    const hands: readonly Hand[] = [
      { verb: 'suspend', username },
      { verb: 'activate', username },
      { verb: 'site-roles', username, roles: ['auditor'] },
      { verb: 'add-to-group', username, group },
      { verb: 'remove-from-group', username, group },
      // Nobody makes one for somebody who has left, and an account that was never used is made anew with another address.
      ...(active && signedIn ? [{ verb: 'add-workspace', username, name: `w${this.#count}` } as const] : []),
    ];
    return { do: 'hand', hand: random.pick(hands) };
  }

  /** The operator takes a part of the declaration out, or puts everything back. */
  declare(whole: Declaration): Step {
    const { pushedGroups: _, ...rest } = whole;
    const parts: readonly Declaration[] = [
      whole,
      { ...whole, groupMappings: {} },
      { ...whole, roleMappings: {} },
      ...(whole.organizationMappings === undefined ? [] : [{ ...whole, organizationMappings: {} }]),
      rest,
    ];
    return { do: 'declare', ...this.#app, document: this.random.pick(parts) };
  }

  /** Now and then while something else is being dealt with, by the declaration before. */
  declares(whole: Declaration): Step {
    const { random } = this;
    const declared = this.declare(whole);
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
  const guarded = random.chance(0.15);
  const hasOwners = random.chance(0.25);
  const hasLab = random.chance(0.15);
  const isProtected = random.chance(0.08);
  const guard: Declaration['guard'] = {
    ...(guarded ? { ...GUARDED.guard, minRemovals: 2 } : { maxRemovalsPercent: 100, minRemovals: 1_000 }),
    ...(isProtected ? { protectedAccounts: [CORP.names[0] ?? ''] } : {}),
  };
  const corp = new Company(random, hasOwners ? { ...CORP, groups: [...CORP.groups, 'owners'] } : CORP);
  const partner = random.chance(0.15) ? new Company(random, PARTNER) : undefined;
  const some = (): Company => (partner !== undefined && random.chance(0.4) ? partner : corp);
  const whole = { ...TEAMS, ...(hasLab ? IN_LAB : {}), guard };
  const wholeOf = (company: Company): Declaration => (company === corp ? whole : { ...OF_PARTNER, guard });
  let away = false;
  const given: Step[] = [
    ...(hasOwners ? [ANOTHER_OWNER] : []),
    ...(hasLab ? [{ do: 'hand', hand: { verb: 'add-organization', name: 'lab' } } as const] : []),
    { do: 'declare', document: whole },
    ...(partner === undefined
      ? []
      : [
          { do: 'declare', app: 'partner', document: wholeOf(partner) } as const,
          ...steps(1 + random.below(2), () => partner.hire()),
          ...steps(1, () => partner.group()),
        ]),
    ...steps(2 + random.below(2), () => corp.hire()),
    ...steps(1 + random.below(2), () => corp.group()),
    ...(random.chance(0.3) ? steps(1, () => corp.signIn()) : []),
  ];
  const when = steps(3 + random.below(6), () => {
    const company = some();
    const draw = random.next();
    if (draw < 0.08) return company.signIn();
    if (draw < 0.12) return { do: 'kill' };
    if (draw < 0.17) return { do: 'wait', seconds: random.pick([1, 5, 40]) };
    if (draw < 0.22) {
      away = !away;
      return { do: away ? 'away' : 'back' };
    }
    if (draw < 0.25) return { do: 'sweep' };
    if (draw < 0.28) return company.hand();
    if (draw < 0.33) return company.declares(wholeOf(company));
    if (draw < 0.35) return company.bulk();
    if (draw < 0.45) return company.overlapping();
    if (guarded && !away && draw < 0.5) return { do: 'release', ...(company === partner ? { app: 'partner' } : {}) };
    if (draw < 0.6) {
      const busy = new Set<string>();
      const together = steps(2 + random.below(2), () => {
        const one = some();
        one.atOnce = true;
        const step = one.request(busy);
        one.atOnce = false;
        for (const key of step === undefined ? [] : keysOf(step)) busy.add(key);
        return step;
      });
      return { do: 'together', steps: together };
    }
    return company.request(new Set());
  });
  // An app that is deleted gives nobody anything any more; what its identity provider says after that is refused.
  const undeclared = steps(random.chance(0.06) ? 1 : 0, () => ({
    do: 'undeclare',
    ...(some() === partner ? { app: 'partner' } : {}),
  }));
  const companies = [corp, ...(partner === undefined ? [] : [partner])];
  // More than a few who become owner are stopped.
  const manyOwners = hasOwners && corp.people.length > 5;
  return {
    name: `seed-${seed}`,
    promise: 'settles',
    replicas: random.chance(0.3) ? 2 : 1,
    given,
    when: [...when, ...undeclared],
    mayHold:
      guarded || manyOwners || companies.some(({ mayHoldAll }) => mayHoldAll)
        ? 'everybody'
        : companies.flatMap(({ mayHold }) => [...mayHold]),
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
