/** What a scrape reads of the bridge's state: the same for all replicas, since it comes from the database. */
import { Counter, Gauge, type Registry } from 'prom-client';
import { type AppStatus, type EndingApp, type HoldSummary, type Status } from '../contract/admin-api';

export interface StatusMetrics {
  show(status: Status): void;
  /** The state is not known: nothing is shown rather than what it was. */
  forget(): void;
}

/** What work may be in, and what keeps leavers in. */
const STATES = ['waiting', 'held', 'parked', 'refused'] as const;

const seconds = (instant: string): number => Date.parse(instant) / 1_000;

export function createStatusMetrics(registry: Registry): StatusMetrics {
  const registers = [registry];
  const clearing: (() => void)[] = [];
  const gauge = (name: string, help: string, ...labelNames: string[]) => {
    const made = new Gauge({ name, help, labelNames, registers });
    const clear = () => {
      made.reset();
      // A gauge without labels is 0 when it is made and reset, which is a value: of a time of expiry it would be 1970.
      if (labelNames.length === 0) made.remove();
    };
    clear();
    clearing.push(clear);
    return made;
  };
  const build = gauge(
    'coder_scim_build_info',
    'version of the bridge, and of the Coder that it calls',
    'version',
    'coder_version',
  );
  const coderUp = gauge('coder_scim_coder_up', '1 when Coder answers and takes the bridge’s token');
  const credential = gauge('coder_scim_credential_expiry_timestamp_seconds', 'when the bridge’s Coder token expires');
  const seatsUsed = gauge('coder_scim_licence_seats_used', 'seats of Coder’s licence that are taken: active accounts');
  const seatsLimit = gauge('coder_scim_licence_seats_limit', 'seats that Coder’s licence has');
  const recovery = gauge(
    'coder_scim_recovery_pending',
    '1 while nothing is given and nothing taken, as after a restored backup',
  );
  const converged = gauge('coder_scim_app_converged', '1 when Coder agrees with the app', 'app');
  const generation = gauge('coder_scim_app_generation', 'generation of the app’s mapping state', 'app');
  const warnings = gauge('coder_scim_app_warnings', 'warnings of the app in status', 'app');
  const swept = gauge(
    'coder_scim_last_sweep_timestamp_seconds',
    'when everything of the app was last compared with Coder',
    'app',
  );
  const users = gauge('coder_scim_directory_users', 'users in the directory of the app', 'app', 'active');
  const groups = gauge('coder_scim_directory_groups', 'groups in the directory of the app', 'app');
  const work = gauge('coder_scim_work_items', 'people and groups that Coder does not agree with yet', 'app', 'state');
  const leavers = gauge(
    'coder_scim_leavers_waiting',
    'leavers who are not known to be locked out, by what keeps them in',
    'app',
    'state',
  );
  const longest = gauge(
    'coder_scim_leavers_longest_wait_seconds',
    'how long the first of them has been waiting; 0 without any',
    'app',
    'state',
  );
  const holds = gauge('coder_scim_guard_holds', 'plans that the guard stopped', 'app');
  const heldPeople = gauge('coder_scim_guard_held_people', 'people in plans that the guard stopped', 'app');
  const heldSince = gauge(
    'coder_scim_guard_hold_timestamp_seconds',
    'when the guard stopped the oldest open plan',
    'app',
  );
  const tokens = gauge(
    'coder_scim_token_expiry_timestamp_seconds',
    'when a SCIM token or OAuth client expires',
    'app',
    'token',
  );
  const coercions = new Counter({
    name: 'coder_scim_coercions_total',
    help: 'deviations of the identity provider that were tolerated',
    labelNames: ['app', 'coercion'],
    registers,
  });
  clearing.push(() => coercions.reset());

  const forget = () => clearing.forEach(clear => clear());

  function showWork(
    label: { readonly app: string; readonly state: string },
    items: number,
    gone: readonly { readonly people: number; readonly since: string }[],
  ): void {
    work.set(label, items);
    leavers.set(
      label,
      gone.reduce((sum, { people }) => sum + people, 0),
    );
    longest.set(label, Math.max(0, ...gone.map(({ since }) => Date.now() / 1_000 - seconds(since))));
  }

  function showApp(app: AppStatus): void {
    const label = { app: app.app };
    converged.set(label, app.converged ? 1 : 0);
    generation.set(label, app.generation);
    warnings.set(label, app.warnings.length);
    if (app.lastSweepAt !== null) swept.set(label, seconds(app.lastSweepAt));
    users.set({ ...label, active: 'true' }, app.activeUsers);
    users.set({ ...label, active: 'false' }, app.users - app.activeUsers);
    groups.set(label, app.groups);
    for (const state of STATES)
      showWork(
        { ...label, state },
        app[state],
        app.leavers.filter(leaver => leaver.state === state),
      );
    for (const token of app.tokens) tokens.set({ ...label, token: token.name }, seconds(token.expiresAt));
    for (const { coercion, count } of app.coercions) coercions.inc({ ...label, coercion }, count);
  }

  /** Of an app that was deleted and is not gone. */
  function showEnding(ending: EndingApp): void {
    const { app } = ending;
    converged.set({ app }, 0);
    for (const state of STATES)
      showWork(
        { app, state },
        ending[state],
        ending.leavers.filter(leaver => leaver.state === state),
      );
  }

  function showHolds(app: string, held: readonly HoldSummary[]): void {
    holds.set({ app }, held.length);
    heldPeople.set(
      { app },
      held.reduce((sum, hold) => sum + hold.people, 0),
    );
    if (held.length > 0) heldSince.set({ app }, Math.min(...held.map(hold => seconds(hold.createdAt))));
  }

  return {
    forget,
    show({ version, coder, apps, ending, holds: open, recovery: why }) {
      forget();
      build.set({ version, coder_version: coder.version ?? '' }, 1);
      coderUp.set(coder.problem === null ? 1 : 0);
      if (coder.credentialExpiresAt !== null) credential.set(seconds(coder.credentialExpiresAt));
      if (coder.seats !== null) {
        seatsUsed.set(coder.seats.used);
        if (coder.seats.limit !== null) seatsLimit.set(coder.seats.limit);
      }
      recovery.set(why === null ? 0 : 1);
      for (const app of apps) showApp(app);
      for (const app of ending) showEnding(app);
      for (const { app } of [...apps, ...ending])
        showHolds(
          app,
          open.filter(hold => hold.app === app),
        );
    },
  };
}
