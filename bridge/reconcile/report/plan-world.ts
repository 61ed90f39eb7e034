/** What would change in Coder, nothing written: the adoption report of a rollout and the dry run of a declaration. */
import { type HoldSummary, type PlannedChange, type PlanReport } from '../../contract/admin-api';
import { type MappingState, modeClash } from '../../contract/mapping-state';
import { identityKey } from '../../contract/identity';
import { holdId } from '../../store/accounts/holds';
import { readApp } from '../../store/apps/apps';
import { describe } from '../person/apply-steps';
import { type Context, groupName } from '../decide/context';
import { type Rim } from '../context/rim';
import { keepsOwners } from '../decide/guard';
import { canSignIn, takesOwner } from '../person/keep-owners';
import { readWorldFor } from '../survey/guarded-survey';
import { type Finding, needsWork, plansOf, survey } from '../survey/survey';
import { WholePlan } from '../survey/whole-plan';
import { unlinkedAccounts } from '../sweep/unlinked-accounts';
import { type World } from '../survey/world';
import { type Reconciler } from '../types';
import { type Plan } from '../decide/plan';
import { ALL_APPS, planDeclarations } from './plan-declarations';
import { type PlannedLeaver, planWorkspaceStops } from './plan-workspaces';

const CHANGES_IN_A_HOLD = 50;

/**
 * The plan for one app or all; with `state`, as if that document were applied; with `deleted`, as if the app were deleted.
 * @param until nothing more is asked once this is aborted
 * @throws CoderError. @throws AbortError by `until`
 */
export async function planWorld(
  rim: Rim,
  request: Omit<Parameters<Reconciler['planWorld']>[0], 'until'>,
  until: AbortSignal,
): Promise<PlanReport> {
  const declarations = await planDeclarations(
    rim,
    { state: request.state, deleted: request.deleted === true ? request.app : undefined },
    until,
  );
  const { context, members } = declarations;
  const world = await readWorldFor(rim, context, { memberships: true, until });
  const protectsLess = request.state !== undefined && (await takesProtection(rim, request.state));
  const wanted = protectsLess ? undefined : (request.state?.app ?? request.app);
  const names = [...context.apps.keys()].filter(name => wanted === undefined || name === wanted);
  const report: PlanReport = {
    changes: declarations.changes.filter(change => change.app === ALL_APPS || names.includes(change.app)),
    adoption: { matched: [], created: [], held: [], strangers: [] },
    problems: [...declarations.problems],
    holds: [],
    seats: null,
  };
  // Who goes with one app is none for the next.
  let owners = [...world.accounts.values()].filter(
    account => canSignIn(context, account) && account.roles.includes('owner'),
  ).length;
  const leavers: PlannedLeaver[] = [];
  for (const name of names) {
    report.problems.push(...(context.rules.get(name)?.problems ?? []));
    owners = await planApp({ rim, context, world, members, report, leavers, until }, name, owners);
  }
  const stops = await planWorkspaceStops(rim, context, names, leavers, until);
  report.changes.push(...stops.changes);
  report.problems.push(...stops.problems);
  const claimed = new Set(report.adoption.matched.map(match => match.coderUsername));
  for await (const stranger of unlinkedAccounts(rim, context, world))
    if (!claimed.has(stranger.username))
      report.adoption.strangers.push({
        coderUsername: stranger.username,
        email: stranger.email,
        status: stranger.status,
      });
  report.seats = await seatsFor(rim, report, leavers);
  report.problems = [...new Set([...report.problems, ...modeProblems(context, request.state)])];
  return report;
}

/** Whether a document protects less than the one that it takes the place of: what it protected was protected from all apps. */
async function takesProtection(rim: Rim, { app, guard }: MappingState): Promise<boolean> {
  const before = (await readApp(rim.database.db, app))?.state.guard;
  if (before === undefined) return false;
  const kept = new Set(guard.protectedAccounts.map(identityKey));
  return guard.minOwners < before.minOwners || before.protectedAccounts.some(name => !kept.has(identityKey(name)));
}

/** A licence is the only limit of Coder that nothing refuses: the plan says what it costs. */
async function seatsFor(
  rim: Rim,
  { changes, adoption }: PlanReport,
  leavers: readonly PlannedLeaver[],
): Promise<PlanReport['seats']> {
  const seats = await rim.coder.getEntitlements().then(
    entitlements => entitlements.seats,
    () => undefined,
  );
  if (seats === undefined) return null;
  return {
    used: seats.used,
    limit: seats.limit ?? null,
    taken: changes.filter(({ action }) => action === 'account.activate').length,
    later: adoption.created.length,
    freed: leavers.filter(({ account }) => account.status === 'active').length,
  };
}

function modeProblems(context: Context, state: MappingState | undefined): string[] {
  const others = [...context.apps.values()].filter(app => !app.deleting).map(app => app.state);
  const clash = state === undefined ? undefined : modeClash(state, others);
  return clash === undefined ? [] : [clash];
}

interface Planning {
  readonly rim: Rim;
  readonly context: Context;
  readonly world: World;
  readonly members: ReadonlyMap<string, readonly string[]>;
  readonly report: PlanReport;
  /** Whose accounts would be locked, gathered on the way. */
  readonly leavers: PlannedLeaver[];
  readonly until: AbortSignal;
}

/** @returns how many owners who can sign in would stay */
async function planApp(
  { rim, context, world, members, report, leavers, until }: Planning,
  app: string,
  activeOwners: number,
): Promise<number> {
  const { db } = rim.database;
  const whole = await WholePlan.begin(rim, context, app);
  let owners = activeOwners;
  for await (const finding of survey(db, context, world, app, { present: true, members })) {
    until.throwIfAborted();
    const { account, plan } = finding;
    for (const held of finding.held) report.adoption.held.push({ userName: finding.userName, reason: held.reason });
    if (account.state === 'adopt')
      report.adoption.matched.push({
        userName: finding.userName,
        coderUsername: account.user.username,
        how: account.user.loginType,
      });
    if (account.state === 'create' || account.state === 'gone') {
      if (finding.desired.account === 'absent') continue;
      report.adoption.created.push(finding.userName);
    }
    if (account.state === 'linked' || account.state === 'adopt') {
      if (takesOwner(context, plan, account.user)) {
        if (!keepsOwners(owners, context.minOwners))
          report.problems.push(
            `${finding.userName}: too few owners who can sign in would stay (${owners - 1}, wanted at least ${context.minOwners}); the owner role is kept`,
          );
        else owners -= 1;
      }
    }
    report.changes.push(...changesOf(context, finding));
    leavers.push(...lockedBy(finding));
    if (needsWork(finding)) whole.add(finding);
  }
  const { held } = await whole.judge(rim);
  if (held.length > 0) report.holds.push(summaryOf(rim, app, held));
  return owners;
}

function summaryOf(rim: Rim, app: string, held: Awaited<ReturnType<WholePlan['judge']>>['held']): HoldSummary {
  return {
    id: holdId(held),
    app,
    reason: [...new Set(held.flatMap(({ reasons }) => reasons))].join(', '),
    people: held.length,
    createdAt: new Date(rim.clock.now()).toISOString(),
    changes: held
      .flatMap(({ userName, changes }) => changes.map(change => `${userName}: ${change}`))
      .slice(0, CHANGES_IN_A_HOLD),
  };
}

/** Accounts that the plan of a finding locks, or takes out of an organization. */
function lockedBy({ app, userName, account, plan, others }: Finding): PlannedLeaver[] {
  const planned = [
    ...('user' in account ? [{ account: account.user, plan }] : []),
    ...others.map(other => ({ account: other.observed.account, plan: other.plan })),
  ];
  const locks = ({ steps }: Plan): boolean => steps.some(({ kind }) => kind === 'suspend' || kind === 'delete');
  return planned.flatMap((one): PlannedLeaver[] => {
    const leaver = { app, userName, account: one.account };
    if (locks(one.plan)) return [{ ...leaver, memberOf: undefined }];
    const taken = new Set(
      one.plan.steps.flatMap(step => (step.kind === 'organization-remove' ? [step.organization] : [])),
    );
    if (taken.size === 0 || one.account.status === 'suspended') return [];
    return [{ ...leaver, memberOf: one.account.organizationIds.filter(organization => !taken.has(organization)) }];
  });
}

/** Every step of one person's plan, in the shape of the report. */
function changesOf(context: Context, finding: Finding): PlannedChange[] {
  const { account } = finding;
  if (account.state === 'held' && finding.others.length === 0) return [];
  const base = { app: finding.app, subject: finding.userName };
  const first: PlannedChange[] =
    account.state === 'create' || account.state === 'gone'
      ? [
          {
            ...base,
            action: 'account.create',
            target: null,
            before: null,
            after: 'dormant',
            because: null,
            removal: false,
          },
        ]
      : account.state === 'adopt'
        ? [
            {
              ...base,
              action: 'account.adopt',
              target: account.user.username,
              before: null,
              after: null,
              because: null,
              removal: false,
            },
          ]
        : [];
  const status = 'user' in account ? account.user.status : 'dormant';
  const steps = plansOf(finding).flatMap(plan => plan.steps);
  return [
    ...first,
    ...steps.map(step => {
      const [action, change] =
        step.kind === 'group-add' || step.kind === 'group-remove'
          ? [
              step.kind === 'group-add' ? 'group.add' : 'group.remove',
              {
                target: groupName(context, step.group),
                because: step.kind === 'group-add' ? step.because : [],
              },
            ]
          : describe(context, { status }, step);
      const because = (change.because ?? []).map(reason => `${reason.idpGroup} (${reason.mapping})`);
      return {
        ...base,
        action: action ?? step.kind,
        target: change.target ?? null,
        before: ('before' in change ? change.before : undefined) ?? null,
        after: ('after' in change ? change.after : undefined) ?? null,
        because: because.length === 0 ? null : because.join(', '),
        removal:
          step.kind === 'suspend' ||
          step.kind === 'delete' ||
          step.kind === 'group-remove' ||
          step.kind === 'organization-remove' ||
          ('before' in step && step.before.some(role => !step.after.includes(role))),
      };
    }),
  ];
}
