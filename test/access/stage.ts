/** Running bridges on one database before a Coder double, spoken to as the world does: SCIM, the admin API, hands in Coder. */
import { type AdminClient } from '../../bridge/admin-client/admin-client';
import { AdminError } from '../../bridge/admin-client/admin-error';
import { type AppStatus, type Removal, type Status } from '../../bridge/contract/admin-api';
import { type MappingStateInput } from '../../bridge/contract/mapping-state';
import { type RunningBridge, scimToken, spawnBridge, type SpawnedBridge, startBridge } from '../support/bridge';
import { type CoderDouble, type CoderDoubleOptions, startCoderDouble } from '../support/coder-double';
import { type SuiteBackend } from '../support/databases';
import { until } from '../support/until';
import { IdentityProvider } from './identity-provider';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** What ends with the test, before everything that was started earlier. */
export function atEnd(end: () => Promise<unknown>): void {
  ends.push(end);
}

export type Document = Partial<MappingStateInput>;

export interface AccessOptions {
  /** Bridges on one database; more than one need Postgres. @default 1 */
  readonly replicas?: number;
  readonly coder?: CoderDoubleOptions;
  /** The bridge's own account, and the organizations it is in. @default an owner, as a person would be */
  readonly account?: { readonly roles?: readonly string[]; readonly isServiceAccount?: boolean };
  /** Bridges are processes of their own, which can be killed. @default false */
  readonly processes?: boolean;
  /** @default a fresh database */
  readonly databaseUrl?: string;
  /** Further variables of the bridges, by name. */
  readonly env?: Readonly<Record<string, string>>;
  /** Done before the bridges start. */
  readonly before?: (coder: CoderDouble) => void;
}

/** Bridges, and what is around them. */
export class Access {
  private turn = 0;
  /** Those of the bridges that are processes of their own. */
  readonly processes: SpawnedBridge[] = [];

  constructor(
    readonly coder: CoderDouble,
    readonly bridges: RunningBridge[],
    readonly databaseUrl: string,
    private readonly startOne: (databaseUrl: string) => Promise<RunningBridge>,
  ) {}

  /** One bridge after the other, as a load balancer picks them. */
  get bridge(): RunningBridge {
    const bridge = this.bridges[this.turn++ % this.bridges.length];
    if (bridge === undefined) throw new Error('no bridge runs');
    return bridge;
  }

  get admin(): AdminClient {
    return this.bridge.admin;
  }

  /** Declares a new app, and is its identity provider from then on. */
  async app(name: string, document: Document = {}): Promise<IdentityProvider> {
    const { token, tokens } = scimToken();
    const provider = new IdentityProvider(name, tokens, token, () => this.bridge.url);
    await this.declare(provider, document);
    return provider;
  }

  /** Replaces the document of an app. */
  async declare(provider: IdentityProvider, document: Document): Promise<void> {
    const { app, tokens } = provider;
    await this.admin.putApp({ version: 1, app, tokens, ...document }, 'any');
  }

  /** Deletes an app. @returns what is left of it; undefined when it is gone */
  removeApp({ app }: IdentityProvider): Promise<Removal | undefined> {
    return this.admin.deleteApp(app, 'any');
  }

  /** Deletes an app, again and again until nothing is left of it. */
  async endApp(provider: IdentityProvider): Promise<void> {
    await until('the app to be over', async () => {
      try {
        return (await this.removeApp(provider)) === undefined;
      } catch (error) {
        // The last of it went between two times that it was asked.
        if (error instanceof AdminError && error.code === 'not_found') return true;
        throw error;
      }
    });
  }

  status(): Promise<Status> {
    return this.admin.status();
  }

  async statusOf({ app }: IdentityProvider): Promise<AppStatus> {
    const found = (await this.status()).apps.find(status => status.app === app);
    if (found === undefined) throw new Error(`status knows no app ${app}`);
    return found;
  }

  /** Waits until nothing is due any more; what is held or parked stays so. */
  async settled(): Promise<Status> {
    let status = await this.status();
    await until('everything to be dealt with', async () => {
      status = await this.status();
      return status.apps.every(({ waiting }) => waiting === 0);
    });
    return status;
  }

  /** Compares everything with Coder, and waits for what comes of it. */
  async swept(): Promise<Status> {
    await this.admin.sweep();
    return await this.settled();
  }

  /** `guard` and other reasons of people who are held, by userName. */
  async held(): Promise<Record<string, string>> {
    const { pending } = await this.status();
    return Object.fromEntries(
      pending.filter(({ state }) => state === 'held').map(({ subject, reason }) => [subject ?? '', reason]),
    );
  }

  /** Usernames of suspended accounts, in order. */
  suspended(): string[] {
    return Object.entries(this.coder.snapshot().users).flatMap(([name, { status }]) =>
      status === 'suspended' ? [name] : [],
    );
  }

  /** Usernames of accounts with a site role, in order. */
  holding(role: string): string[] {
    return Object.entries(this.coder.snapshot().users).flatMap(([name, { siteRoles }]) =>
      siteRoles.includes(role) ? [name] : [],
    );
  }

  /** Starts one more bridge. */
  async start(databaseUrl = this.databaseUrl): Promise<RunningBridge> {
    const bridge = await this.startOne(databaseUrl);
    this.bridges.push(bridge);
    if ('pid' in bridge) this.processes.push(bridge as SpawnedBridge);
    return bridge;
  }

  /** Ends all bridges, as an operator does. */
  async stop(): Promise<void> {
    for (const bridge of this.bridges.splice(0)) await bridge.stop();
  }
}

export async function startAccess(on: SuiteBackend, options: AccessOptions = {}): Promise<Access> {
  const coder = await startCoderDouble({ rateLimitPerMinute: 0, ...options.coder });
  atEnd(() => coder.close());
  options.before?.(coder);
  const { roles = ['owner'], isServiceAccount = false } = options.account ?? {};
  coder.addUser('bridge', { roles, isServiceAccount, status: 'active' });
  const coderToken = coder.issueToken('bridge');
  const databaseUrl = options.databaseUrl ?? (await on.freshUrl());
  const startOne = (url: string) => {
    const setup = { coderUrl: coder.url, coderToken, databaseUrl: url, env: options.env ?? {} };
    return options.processes === true ? spawnBridge(setup) : startBridge(setup);
  };
  const access = new Access(coder, [], databaseUrl, startOne);
  atEnd(() => access.stop());
  for (let count = 0; count < (options.replicas ?? 1); count += 1) await access.start();
  return access;
}

/** Runs `then` when Coder has done such a call and has not answered it. */
export function whenDone({ calls }: CoderDouble, method: string, path: RegExp, then: () => void): Promise<void> {
  const add = calls.add.bind(calls);
  return new Promise(resolve => {
    calls.add = call => {
      add(call);
      if (call.method !== method || !path.test(call.path)) return;
      calls.add = add;
      then();
      resolve();
    };
  });
}

/** `u1`, `u2`, … */
export function crowd(size: number): string[] {
  return Array.from({ length: size }, (_, index) => `u${index + 1}`);
}
