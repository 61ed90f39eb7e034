/** The end of a history as the promises look at it. */
import { type Account, accountsOf, landingOf } from '../model/accounts';
import { type Directory, type Person } from '../model/directory';
import { type Watch } from '../world/watch';
import { type World } from '../world/world';

export interface HoldStatus {
  readonly id: string;
  readonly app: string;
  readonly reason: string;
  readonly people: number;
  readonly changes: readonly string[];
}

export interface PendingStatus {
  readonly key: string;
  readonly app: string;
  readonly subject: string | null;
  readonly state: string;
  readonly reason: string;
}

export interface AppStatus {
  readonly app: string;
  readonly converged: boolean;
  readonly waiting: number;
  readonly held: number;
  readonly parked: number;
  readonly lastError: string | null;
  readonly warnings: readonly string[];
  /** Groups that are being filled, so that mappings take nothing by them yet. */
  readonly beingFilled: readonly string[];
}

export interface Status {
  readonly apps: readonly AppStatus[];
  readonly pending: readonly PendingStatus[];
  readonly holds: readonly HoldStatus[];
  /** What stays in Coder though nothing declares it, in words. */
  readonly leftOver: readonly string[];
}

/** When each app's holds were released, and whose. */
export interface Release {
  readonly at: number;
  readonly app: string;
  readonly changes: readonly string[];
}

export class Scene {
  readonly accounts: readonly Account[];

  constructor(
    private readonly holdable: readonly string[] | 'everybody',
    readonly world: World,
    readonly watch: Watch,
    readonly status: Status,
    readonly releases: readonly Release[],
    /** Accounts as people made them by hand, by id. */
    readonly byHand: ReadonlyMap<string, Account>,
    /** Id of the bridge's own account. */
    readonly own: string,
  ) {
    this.accounts = [...accountsOf(world.coder.double).values()];
  }

  get directory(): Directory {
    return this.world.directory;
  }

  account(username: string): Account | undefined {
    return this.accounts.find(account => account.username === username);
  }

  withEmail(email: string): Account | undefined {
    return this.accounts.find(account => account.email === email);
  }

  landing(key: string): Account | undefined {
    return landingOf(this.accounts, this.directory.person(key));
  }

  app(name: string): AppStatus | undefined {
    return this.status.apps.find(app => app.app === name);
  }

  /** Why the person, or something of the person, is held; undefined when nothing is. */
  heldReason(person: Person): string | undefined {
    const pending = this.status.pending.find(
      item =>
        item.state === 'held' &&
        (item.key === `person:${person.id}` || (item.app === person.app && item.subject === person.userName)),
    );
    if (pending !== undefined) return pending.reason;
    const hold = this.status.holds.find(
      ({ app, changes }) => app === person.app && changes.some(change => change.startsWith(`${person.userName}:`)),
    );
    return hold?.reason;
  }

  mayHold(person: Person): boolean {
    return this.holdable === 'everybody' || this.holdable.includes(person.key);
  }
}

export interface Violation {
  readonly promise: string;
  readonly text: string;
}
