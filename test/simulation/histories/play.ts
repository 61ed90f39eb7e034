/** Plays one history to its end: what is given, what happens in what weather, good weather, one sweep, and then every promise. */
import {
  checkByHand,
  checkGroups,
  checkGuard,
  checkStatus,
  checkUntouched,
  checkWorkspaces,
} from '../checks/deployment';
import { checkLeavers, checkPeople, checkRemains, differencesOf } from '../checks/people';
import { Scene, type Status, type Violation } from '../checks/scene';
import { checkSignIn } from '../checks/sign-in';
import { type Account, accountsOf, isSubjectOf, landingOf } from '../model/accounts';
import { managed as managedBy } from '../model/due';
import { Endless } from '../time/scheduler';
import { ByHand } from '../world/by-hand';
import { IdentityProvider } from '../world/identity-provider';
import { Operator } from '../world/operator';
import { type DirectoryStep } from '../world/scim-requests';
import { NoAnswer } from '../world/exchange';
import { Watch } from '../world/watch';
import { type Point, type Strike, type WeatherOptions } from '../world/weather';
import { OWN_SERVICE_ACCOUNT, World } from '../world/world';
import { type Scenario } from './scenario';
import { APP, needsSweep, say, type Step } from './step';

export interface PlayOptions {
  readonly seed: number;
  readonly shuffle: boolean;
  readonly weather: WeatherOptions;
  readonly trace?: boolean | undefined;
}

export interface Played {
  readonly violations: readonly Violation[];
  readonly points: readonly Point[];
  readonly struck: readonly Strike[];
  readonly calls: number;
  readonly events: number;
  readonly trace: readonly string[];
}

export async function play(scenario: Scenario, options: PlayOptions): Promise<Played> {
  const world = new World({
    seed: options.seed,
    shuffle: options.shuffle,
    replicas: scenario.replicas ?? 1,
    coder: scenario.coder ?? {},
    weather: options.weather,
    trace: options.trace ?? false,
    account: scenario.account ?? 'person',
  });
  const player = new Player(world, scenario);
  let violations: readonly Violation[];
  try {
    violations = await world.scheduler.runUntil(player.play());
  } catch (error) {
    const promise = error instanceof Endless ? 'settles' : 'harness';
    violations = [
      {
        promise,
        text:
          error instanceof Error
            ? `${error.message} ${error instanceof Endless ? '' : (error.stack ?? '')}`
            : String(error),
      },
    ];
  }
  const { weather, coder, trace, scheduler } = world;
  world.close();
  return {
    violations,
    points: weather.points,
    struck: weather.struck,
    calls: coder.calls,
    events: scheduler.events,
    trace: trace.lines,
  };
}

class Player {
  readonly #idp: IdentityProvider;
  readonly #operator: Operator;
  readonly #found: Violation[] = [];
  #watch!: Watch;
  #byHand!: ByHand;
  #own = '';
  #backup: Buffer | undefined;
  #doing = 0;
  /** Somebody changed Coder by hand: what differs from the directory is for a sweep to find. */
  #touched = false;

  constructor(
    private readonly world: World,
    private readonly scenario: Scenario,
  ) {
    this.#idp = new IdentityProvider(world);
    this.#operator = new Operator(world);
  }

  async play(): Promise<readonly Violation[]> {
    const { world, scenario } = this;
    await world.start();
    const { double } = world.coder;
    this.#own = double.findUser(scenario.account === 'service' ? OWN_SERVICE_ACCOUNT : 'testuser').id;
    this.#watch = new Watch(world, this.#own);
    this.#byHand = new ByHand(double);
    world.coder.onAnswer.push(answered => this.#byHand.answered(answered));
    this.#watch.begin();
    for (const step of scenario.given) await this.#do(step);
    await this.#operator.settled();
    this.#touched = false;
    world.trace.say(() => 'the weather turns');
    world.weather.bad = true;
    for (const step of scenario.when) await this.#do(step);
    world.weather.bad = false;
    world.weather.away = false;
    world.weather.awayUntil = 0;
    world.trace.say(() => 'the weather is good again');
    const before = await this.#operator.settled();
    if (!needsSweep(scenario.when)) this.#found.push(...this.#beforeSweep(before));
    await world.surely(() => world.admin('POST', '/sweep', {}));
    const status = await this.#operator.settled();
    for (const { app, converged, waiting, held, parked } of status.apps)
      world.trace.say(() => `the end: ${app} ${JSON.stringify({ converged, waiting, held, parked })}`);
    for (const item of status.pending)
      world.trace.say(() => `  ${item.state} ${item.subject ?? item.key}: ${item.reason}`);
    for (const account of accountsOf(double).values()) world.trace.say(() => `  ${JSON.stringify(account)}`);
    const scene = this.#scene(status);
    return [
      ...this.#found,
      ...this.#idp.refused.map(({ step, status: code, detail }) => ({
        promise: 'settles',
        text: `refused with ${code}: ${step}: ${detail}`,
      })),
      ...checkPeople(scene),
      ...checkLeavers(scene),
      ...checkRemains(scene),
      ...checkGroups(scene),
      ...checkUntouched(scene),
      ...checkGuard(scene),
      ...checkByHand(scene),
      ...checkStatus(scene),
      ...checkWorkspaces(scene),
      ...(scenario.then?.(scene) ?? []).flatMap(text =>
        typeof text === 'string' ? [{ promise: scenario.promise, text }] : [],
      ),
      ...checkSignIn(scene),
    ];
  }

  #scene(status: Status): Scene {
    return new Scene(
      this.scenario.mayHold ?? [],
      this.world,
      this.#watch,
      status,
      this.#operator.releases,
      this.#byHand.given,
      this.#own,
    );
  }

  /** Without a hand in Coder nothing is left for the sweep to find: what is not as it should be waits, or is held. */
  #beforeSweep(status: Status): Violation[] {
    const scene = this.#scene(status);
    return [...checkPeople(scene), ...checkLeavers(scene)]
      .filter(({ promise }) => promise === 'truth' || promise === 'leaver-out')
      .map(({ promise, text }) => ({ promise, text: `before the sweep: ${text}` }));
  }

  async #do(step: Step): Promise<void> {
    const { world } = this;
    world.trace.say(() => say(step));
    switch (step.do) {
      case 'together':
        await Promise.all(
          step.steps.map(async (one, index) => {
            if (index > 0 && step.apart !== undefined) await world.scheduler.pause(index * step.apart);
            await this.#do(one);
          }),
        );
        return;
      case 'declare':
        // Until it is answered, it is not known by which declaration others are dealt with.
        this.#doing += 1;
        this.#found.push(
          ...(await this.#operator.declare(step.app ?? APP, step.document).finally(() => (this.#doing -= 1))),
        );
        this.#byHand.declared(world.directory);
        return;
      case 'undeclare':
        await this.#operator.undeclare(step.app ?? APP);
        return;
      case 'release':
        await this.#operator.release(step.app ?? APP);
        return;
      case 'sweep':
        // With Coder away it fails, and nobody asks again.
        await world.admin('POST', '/sweep', {}).catch(ignoreNoAnswer);
        return;
      case 'backup':
        this.#backup = world.backup();
        return;
      case 'restore':
        if (this.#backup === undefined) throw new Error('there is no backup to restore');
        await world.restore(this.#backup);
        return;
      case 'hand':
        // With Coder out of the bridge's reach its own groups may be about to get the same people.
        this.#byHand.do(step.hand, world.coder.isAway ? this.#watch.madeGroups : new Set());
        // What nobody is in changes nothing of anybody.
        this.#touched ||= step.hand.verb !== 'add-organization';
        this.#watch.begin();
        return;
      case 'sign-in': {
        const person = world.directory.people.get(step.who);
        if (person === undefined) return;
        const claims = { sub: person.subject, email: person.email, email_verified: true, name: person.key };
        const landing = landingOf(accountsOf(world.coder.double).values(), person);
        const { status } = world.coder.double.oidcLogin(claims);
        if (
          status === 200 &&
          landing !== undefined &&
          landing.name !== person.key &&
          world.directory.people.has(landing.name)
        )
          person.mistaken = landing.id;
        world.trace.say(() => `    sign-in answers ${status}`);
        this.#watch.begin();
        return;
      }
      case 'away':
      case 'back':
        world.weather.away = step.do === 'away';
        return;
      case 'kill':
        world.weather.troubles += 1;
        world.kill();
        return;
      case 'wait':
        await world.scheduler.pause(step.seconds * 1_000);
        return;
      default:
        await this.#ask(step);
    }
  }

  /** A request of the identity provider; with Coder well, what it changed is there at its answer. */
  async #ask(step: DirectoryStep): Promise<void> {
    const { world, scenario } = this;
    this.#doing += 1;
    await this.#idp.do(step).finally(() => (this.#doing -= 1));
    this.#byHand.declared(world.directory);
    // While others are still asked, what they have done already is not known.
    if (this.#doing > 0 || this.#touched || world.weather.troubles > 0 || scenario.mayHold === 'everybody') return;
    const { directory } = world;
    const managed = managedBy(directory);
    const accounts = [...accountsOf(world.coder.double).values()];
    for (const person of directory.people.values()) {
      if (scenario.mayHold?.includes(person.key) === true) continue;
      if (directory.bearers(person.email).length > 1) continue;
      // A plan that the guard holds leaves people with what they have.
      const differences = differencesOf({ directory, accounts }, person, managed).filter(
        one => scenario.mayHold === undefined || !one.startsWith('has '),
      );
      for (const difference of differences)
        this.#found.push({
          promise: 'answer-means-done',
          text: `answered: ${say(step)}; at that moment ${person.key} ${difference}`,
        });
      if (directory.isIn(person) || directory.bearers(person.email).some(other => directory.isIn(other))) continue;
      // Whoever is in signs in with an account that may bear an earlier address.
      const isSomebodys = (account: Account): boolean =>
        [...directory.people.values()].some(other => directory.isIn(other) && isSubjectOf(account, other));
      const open = accounts.find(
        account => account.email === person.email && account.status !== 'suspended' && !isSomebodys(account),
      );
      if (open !== undefined && this.#watch.madeAccounts.has(open.id))
        this.#found.push({
          promise: 'answer-means-done',
          text: `answered: ${say(step)}; at that moment ${open.username} of ${person.key} is open`,
        });
    }
  }
}

function ignoreNoAnswer(error: unknown): void {
  if (!(error instanceof NoAnswer)) throw error;
}
