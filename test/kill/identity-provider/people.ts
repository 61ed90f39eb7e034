/** What the identity provider does with people: hired, renamed, given another address, deactivated, deleted, hired again. */
import { type Caller } from './caller';
import { PersonEntry, type PersonState } from './directory-model';
import { activePatch, addressPatch, renamePatch, userBody } from './messages';

const MOST_PEOPLE = 60;
/** Below so many people nobody is deleted. */
const FEWEST_PEOPLE = 5;

type Change = (before: PersonState) => PersonState;

export class People {
  private count = 0;

  constructor(private readonly caller: Caller) {}

  async create(): Promise<boolean> {
    const { model, name } = this.caller;
    if (model.presentPeople().length >= MOST_PEOPLE) return false;
    this.count += 1;
    const person = new PersonEntry(`${name}${this.count}`);
    model.people.set(person.key, person);
    return await this.caller.holding([{ key: person.key }], () => this.send(person));
  }

  async recreate(): Promise<boolean> {
    const gone = [...this.caller.model.people.values()].filter(
      person => !person.lostSight && person.possible.length === 1 && person.possible[0] === null,
    );
    if (gone.length === 0) return false;
    const person = this.caller.random.pick(gone);
    return await this.caller.holding([{ key: person.key }], async () => {
      if (person.id === undefined) await this.send(person);
    });
  }

  private async send(person: PersonEntry): Promise<void> {
    const { scim, random } = this.caller;
    const { key, email } = person;
    const state: PersonState = {
      userName: `${key}@kill.example`,
      email,
      fullName: `${key} Person`,
      active: random.chance(0.9),
    };
    person.creations += 1;
    const body = userBody(key, state);
    const answer = await scim.send('POST', '/Users', body);
    if (answer?.status === 201) {
      person.id = String(answer.body['id']);
      person.possible = [state];
      return;
    }
    if (answer?.status === 409 && answer.repeated) {
      // It had been done: looked up and stated again, as identity providers do.
      const id = await this.caller.lookUp('Users', `userName eq "${state.userName}"`);
      if (id === undefined) return this.caller.lose(`user ${key} is there by 409 and not there by look-up`);
      person.id = id;
      const again = await scim.send('PUT', `/Users/${id}`, body);
      if (again === undefined || again.status === 200) {
        person.possible = [state];
        return;
      }
      return this.caller.lose(`PUT of ${key} answered ${again.status}`);
    }
    if (answer !== undefined)
      return this.caller.lose(`POST of ${key} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    person.possible = [null, state];
    person.id = undefined;
    person.lostSight = true;
  }

  rename(): Promise<boolean> {
    return this.change(
      () => true,
      person => {
        person.renames += 1;
        const { key, renames } = person;
        const names = { userName: `${key}.v${renames}@kill.example`, fullName: `${key} Person the ${renames}th` };
        return before => ({ ...before, ...names });
      },
      next => renamePatch(next),
    );
  }

  /** To an address that nobody has had, or back to one of their own. */
  changeAddress(): Promise<boolean> {
    const { random } = this.caller;
    return this.change(
      () => true,
      person => {
        const { key, addresses } = person;
        const fresh = `${key}.m${addresses.length}@kill.example`;
        const email = random.chance(0.3) ? random.pick(addresses) : fresh;
        if (!addresses.includes(email)) addresses.push(email);
        return before => ({ ...before, email });
      },
      next => addressPatch(next.email, random),
    );
  }

  deactivate(): Promise<boolean> {
    return this.change(
      state => state.active,
      () => before => ({ ...before, active: false }),
      () => activePatch(false, this.caller.random),
    );
  }

  reactivate(): Promise<boolean> {
    return this.change(
      state => !state.active,
      () => before => ({ ...before, active: true }),
      () => activePatch(true, this.caller.random),
    );
  }

  private async change(
    suits: (state: PersonState) => boolean,
    changeOf: (person: PersonEntry) => Change,
    patch: (next: PersonState) => object,
  ): Promise<boolean> {
    const { model, random, scim } = this.caller;
    const candidates = model.presentPeople().filter(({ latest }) => latest !== undefined && suits(latest));
    if (candidates.length === 0) return false;
    const person = random.pick(candidates);
    return await this.caller.holding([{ key: person.key }], async () => {
      const { latest } = person;
      if (latest === undefined || !person.present) return;
      const change = changeOf(person);
      const next = change(latest);
      // A PUT states everything; a PATCH leaves open what was open.
      const whole = random.chance(0.4);
      const effect = whole ? () => next : change;
      const answer = whole
        ? await scim.send('PUT', `/Users/${person.id}`, userBody(person.key, next))
        : await scim.send('PATCH', `/Users/${person.id}`, patch(next));
      if (answer === undefined) person.doubt(effect);
      else if (this.caller.accepted(answer, [200, 204], `change of ${person.key}`)) person.settle(effect);
    });
  }

  async remove(): Promise<boolean> {
    const { model, random, scim } = this.caller;
    const candidates = model.presentPeople();
    if (candidates.length < FEWEST_PEOPLE) return false;
    const person = random.pick(candidates);
    return await this.caller.holding([{ key: person.key }], async () => {
      if (!person.present) return;
      const answer = await scim.send('DELETE', `/Users/${person.id}`);
      if (answer === undefined) {
        person.possible = [...person.possible, null];
        person.lostSight = true;
      } else if (this.caller.accepted(answer, answer.repeated ? [204, 404] : [204], `DELETE of ${person.key}`)) {
        person.possible = [null];
        person.id = undefined;
        model.forgetMemberships(person.key);
      }
    });
  }

  async read(): Promise<boolean> {
    const { model, random, scim } = this.caller;
    const candidates = model.presentPeople();
    if (candidates.length === 0) return false;
    const person = random.pick(candidates);
    return await this.caller.holding([{ key: person.key }], async () => {
      const { certain } = person;
      if (!person.present || certain === undefined) return;
      const answer = await scim.send('GET', `/Users/${person.id}`);
      if (answer === undefined || !this.caller.accepted(answer, [200], `GET of ${person.key}`)) return;
      const { userName, active, displayName, emails } = answer.body;
      const [email] = (emails ?? []) as { value?: unknown }[];
      const read = { userName, email: email?.value, fullName: displayName, active };
      if (JSON.stringify(read) !== JSON.stringify(certain))
        this.caller.lose(
          `${person.key} was acknowledged as ${JSON.stringify(certain)} and reads ${JSON.stringify(read)}`,
        );
    });
  }
}
