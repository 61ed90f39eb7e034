/** Carries out a plan, step by step, in its order. What Coder refuses for good is held and the rest goes on. */
import {
  CoderError,
  type CoderErrorKind,
  type CoderUser,
  isMissing,
  isRefusal,
  isUnheard,
  lookAgain,
  outcomeOf,
  type WriteWatch,
} from '../../coder';
import { type Grant } from '../../store/accounts/grants';
import { type Context, groupName, organizationName, untouchable } from '../decide/context';
import { type Rim } from '../context/rim';
import { isImplied } from '../decide/entitlement';
import { Held, heldBy } from '../decide/hold-reason';
import { type Account, type LateStep } from '../decide/observation';
import { type Step } from '../decide/steps';
import { type Change, type Subject, type AuditLines } from '../context/audit-lines';
import { wasWithin } from '../../contract/was-within';
import { isWish } from './outcome';

export type Failure = ReturnType<typeof outcomeOf>;

type RolesStep = Extract<Step, { kind: 'site-roles' | 'organization-roles' }>;

export interface Applied {
  /** Steps that are done. */
  readonly done: Step[];
  /** Steps that Coder refused until something changes. */
  readonly held: Held[];
  /** What ended the work before its last step; undefined when it came to its end. */
  failure: Failure | undefined;
  /** Why Coder did not lock the account: a right is missing, or the call. Held among the others. */
  unlockable: Extract<Failure, { kind: 'terminal' }> | undefined;
  /** Steps of which Coder may have calls still that nobody heard the answer of, whether or not it was asked for the same once more. */
  readonly late: LateStep[];
  /** Whether something is taken, or may be: Coder failed at it, and has not said that it did not. */
  mayHaveTaken: boolean;
  /** The account could not be deleted because of its workspaces. */
  hasWorkspaces: boolean;
  /** The account became one that is never touched in the middle of it: nothing more is done. */
  readonly isUntouchable: boolean;
}

/** Refusals that end with a right, a licence or another Coder, of which nobody tells the bridge. */
const LACKS: ReadonlySet<CoderErrorKind> = new Set(['forbidden', 'licence', 'unsupported']);

/** How old a list of roles may be that is replaced as a whole: what somebody did in Coder since is undone by it. */
const FRESH_MS = 1_000;

/**
 * Applies the steps of one account; wishes for groups are left to the caller. Never throws what Coder said.
 * @param readAt when the account was read; undefined where a list of roles that is replaced was not
 * @param checkSaid throws CoderError where the directory says no more what they were decided by
 */
export async function applySteps(
  rim: Rim,
  context: Context,
  account: Account,
  steps: readonly Step[],
  subject: Subject,
  lines: AuditLines,
  readAt: number | undefined,
  checkSaid: (call: string) => Promise<void>,
): Promise<Applied> {
  const applied: Applied = {
    done: [],
    held: [],
    failure: undefined,
    unlockable: undefined,
    late: [],
    mayHaveTaken: false,
    hasWorkspaces: false,
    isUntouchable: false,
  };
  const refusedOrganizations = new Set<string>();
  let rolesAt = readAt;
  const queue = [...steps];
  for (const [index, step] of queue.entries()) {
    if ('organization' in step && refusedOrganizations.has(step.organization)) continue;
    try {
      if (!isWish(step)) await checkSaid(step.kind);
    } catch (error) {
      // Nothing more was asked of Coder for the account.
      return { ...applied, failure: outcomeOf(error) };
    }
    // Nothing keeps a leaver from being locked out.
    const comesFirst = queue.slice(index + 1).some(({ kind }) => kind === 'suspend');
    if ('after' in step && !comesFirst && !wasWithin(rim.clock.now(), rolesAt, FRESH_MS)) {
      const failure = await changedSince(rim, account, queue.slice(index).filter(isRolesStep));
      if (failure !== undefined) return { ...applied, failure };
      rolesAt = rim.clock.now();
    }
    if (takes(step)) {
      try {
        const held = await untouchableMeanwhile(rim, context, account, applied.done);
        if (held !== undefined) return { ...applied, held: [...applied.held, held], isUntouchable: true };
      } catch (error) {
        // Nothing was asked of Coder for the account.
        return { ...applied, failure: outcomeOf(error) };
      }
    }
    let isRepeated = false;
    const watch: WriteWatch = {
      repeated: () => void (isRepeated = true),
      async delayed() {
        await checkSaid(step.kind);
        if (takes(step) && (await untouchableMeanwhile(rim, context, account, applied.done)) !== undefined)
          throw lookAgain(step.kind, 'the account became one that is never touched meanwhile');
        const failure = 'after' in step && !comesFirst ? await changedSince(rim, account, [step]) : undefined;
        if (failure !== undefined) throw failure.error;
        // The looks may have had to wait as well.
        await checkSaid(step.kind);
      },
    };
    const noteLate = (agrees: boolean): void => void applied.late.push({ step, since: rim.clock.now(), agrees });
    try {
      const now = await applyStep(rim, account, step, watch);
      applied.done.push(step);
      applied.mayHaveTaken ||= takes(step);
      if (isRepeated) noteLate(true);
      const [action, change] = describe(context, account, step);
      if (action !== undefined) lines.note(subject, action, 'done', change);
      if (now !== undefined && wouldUndo(queue, step, now)) return { ...applied, failure: changedMeanwhile(account) };
    } catch (error) {
      if (isRepeated || isUnheard(error)) noteLate(false);
      applied.mayHaveTaken ||= takes(step) && (isRepeated || !(error instanceof CoderError) || error.maybeDone);
      if (step.kind === 'delete' && isRefusal(error, 'has-workspaces')) {
        applied.hasWorkspaces = true;
        lines.note(subject, 'account.delete', 'skipped', {
          before: account.status,
          detail: 'the account has workspaces, which Coder keeps: suspended instead',
        });
        return applied;
      }
      const failure = failureOf(error, applied);
      const [action, change] = describe(context, account, step);
      if (action !== undefined)
        lines.note(subject, action, failure.kind === 'terminal' ? 'held' : 'failed', {
          ...change,
          detail: error instanceof Error ? error.message : String(error),
        });
      const less = lossAlone(step, error);
      if (less !== undefined && !comesFirst) queue.splice(index + 1, 0, less);
      if (failure.kind !== 'terminal') {
        if (applied.failure === undefined || failure.kind === 'retry') applied.failure = failure;
        if (!isOfStepAlone(step, error) || comesFirst) return applied;
        // What the person has elsewhere does not wait for it. Whoever does not come in gets nothing there, and where the right is missing no call helps.
        if ('organization' in step && (isMissing(error) || step.kind === 'organization-add'))
          refusedOrganizations.add(step.organization);
        continue;
      }
      if (isRefusal(error, 'site-role-sync')) rim.context.learnSiteRoleSync();
      else if (isRefusal(error, 'organization-role-sync', 'organization-sync', 'reference-unknown', 'role-unknown'))
        rim.context.forget();
      if (step.kind === 'organization-add') refusedOrganizations.add(step.organization);
      if (step.kind === 'suspend' && LACKS.has(failure.error.kind)) applied.unlockable = failure;
      applied.held.push(heldBy(failure.error));
    }
  }
  return applied;
}

/** Whether a right is missing in one organization, or that call alone fails: a Coder that is away fails otherwise. */
function isOfStepAlone(step: Step, error: unknown): boolean {
  const fails = error instanceof CoderError && error.kind === 'failed';
  return 'organization' in step ? fails || isMissing(error) : fails && step.kind === 'site-roles';
}

/**
 * What is to be taken of a list of roles that Coder does not set for what is to be given in it: it refuses a list as a whole.
 * Undefined where it takes nothing, or gives nothing.
 */
function lossAlone(step: Step, error: unknown): RolesStep | undefined {
  if (!isRolesStep(step) || !takes(step)) return undefined;
  const after = step.before.filter(role => step.after.includes(role));
  if (after.length === step.after.length) return undefined;
  return isRefusal(error, 'role-unknown', 'role-not-assignable') ? { ...step, after, because: [] } : undefined;
}

/** Whether a step takes something. */
export function takes(step: Step): boolean {
  if (step.kind === 'site-roles' || step.kind === 'organization-roles')
    return step.before.some(role => !step.after.includes(role));
  return ['suspend', 'delete', 'organization-remove', 'group-remove'].includes(step.kind);
}

/**
 * Why an account is not to be touched any more: what an app declares counts from its commit, whatever was decided before.
 * @param done what the account lost or got already
 * @throws CoderError
 */
export async function untouchableMeanwhile(
  rim: Rim,
  context: Context,
  account: Account,
  done: readonly Step[],
): Promise<Held | undefined> {
  const reason = untouchable(await rim.context.get(), account);
  if (reason === undefined) return undefined;
  const changes = done.flatMap(step => {
    const [action, { target, before, after }] = describe(context, account, step);
    if (action === undefined) return [];
    const change = before === undefined ? [] : `(${before} -> ${after ?? 'none'})`;
    return [action, target ?? [], change].flat().join(' ');
  });
  const before = changes.length === 0 ? '' : `; done before that, for somebody to undo in Coder: ${changes.join(', ')}`;
  const isBy = reason === 'protected-account' ? 'was protected' : `became one that is never touched (${reason})`;
  return new Held(
    reason,
    `account ${JSON.stringify(account.username)} ${isBy} while it was being changed, and nothing more is done to it${before}`,
  );
}

function failureOf(error: unknown, applied: Applied): Failure {
  const failure = outcomeOf(error);
  // The account may be gone since it was read: another look tells.
  if (isMissing(error)) return { kind: 'failed', error };
  // The role that had to go first could not be taken, and will not be.
  if (isRefusal(error, 'owner-role-first') && applied.held.length > 0) return { kind: 'terminal', error };
  return failure;
}

/** Whether a step that is to come replaces site roles that were changed by hand since they were read: Coder's PUT has no condition. */
function wouldUndo(steps: readonly Step[], done: Step, now: Pick<CoderUser, 'roles'>): boolean {
  const next = steps.slice(steps.indexOf(done) + 1).find(step => step.kind === 'site-roles');
  return next !== undefined && rolesText(next.before) !== rolesText(now.roles);
}

const isRolesStep = (step: Step): step is RolesStep => 'after' in step;

/** Reads the roles that steps replace once more. @returns why they are not replaced: somebody has changed them, or they can not be read */
async function changedSince(
  { coder }: Rim,
  account: Account,
  steps: readonly RolesStep[],
): Promise<Failure | undefined> {
  try {
    const { site, organizations } = await coder.getRoles(account.id);
    const explicit = (list: readonly string[]): string => rolesText(list.filter(role => !isImplied(role)));
    const isAsBefore = steps.every(step => {
      const now = step.kind === 'site-roles' ? site : (organizations.get(step.organization) ?? []);
      return explicit(step.before) === explicit(now);
    });
    return isAsBefore ? undefined : changedMeanwhile(account);
  } catch (error) {
    return outcomeOf(error);
  }
}

function changedMeanwhile({ username }: Account): Failure {
  const error = new Error(
    `the roles of account ${JSON.stringify(username)} were changed in Coder while it was being changed: it is looked at again`,
  );
  return { kind: 'failed', error };
}

/** @returns the account as Coder answers that it is now, where it does */
async function applyStep(
  { coder }: Rim,
  account: Account,
  step: Step,
  watch: WriteWatch,
): Promise<CoderUser | undefined> {
  switch (step.kind) {
    case 'activate':
      return await coder.activate(account, watch);
    case 'suspend':
      return await coder.suspend(account.id, watch);
    case 'delete':
      await coder.deleteUser(account.id, watch);
      return undefined;
    case 'site-roles':
      await coder.setSiteRoles(account.id, step.after, watch);
      return undefined;
    case 'organization-add':
      await coder.addMember(step.organization, account.id, watch);
      return undefined;
    case 'organization-remove':
      await coder.removeMember(step.organization, account.id, watch);
      return undefined;
    case 'organization-roles':
      await coder.setMemberRoles(step.organization, account.id, step.after, watch);
      return undefined;
    case 'group-add':
    case 'group-remove':
      return undefined;
  }
}

const rolesText = (roles: readonly string[]): string => [...roles].sort().join(',') || 'none';

/** The audit line of a step; group steps have theirs when the group is written. */
export function describe(
  context: Context,
  account: Pick<Account, 'status'>,
  step: Step,
): [action: Parameters<AuditLines['note']>[1] | undefined, change: Change] {
  switch (step.kind) {
    case 'activate':
      return ['account.activate', { before: 'suspended', after: 'active' }];
    case 'suspend':
      return ['account.suspend', { before: account.status, after: 'suspended' }];
    case 'delete':
      return ['account.delete', { before: account.status }];
    case 'site-roles':
      return [
        'site-roles.set',
        { before: rolesText(step.before), after: rolesText(step.after), because: step.because },
      ];
    case 'organization-add':
      return ['organization.add', { target: organizationName(context, step.organization), because: step.because }];
    case 'organization-remove':
      return [
        'organization.remove',
        { target: organizationName(context, step.organization), ...byHandIn(context, step) },
      ];
    case 'organization-roles':
      return [
        'organization-roles.set',
        {
          target: organizationName(context, step.organization),
          before: rolesText(step.before),
          after: rolesText(step.after),
          because: step.because,
        },
      ];
    case 'group-add':
    case 'group-remove':
      return [undefined, {}];
  }
}

/** Coder takes what is held in an organization along with the membership, and no declaration gives it back: said before and after. */
function byHandIn(context: Context, { byHand = [] }: Extract<Step, { kind: 'organization-remove' }>): Change {
  if (byHand.length === 0) return {};
  const names = byHand.map(({ kind, target }) => (kind === 'group' ? `group ${groupName(context, target)}` : target));
  const said = names.join(', ');
  return { before: `member, and by hand: ${said}`, detail: `given by hand, and gone with it: ${said}` };
}

/** What a step gives and takes, as grants to remember or forget. */
export function grantsOf(step: Step): { given: Grant[]; taken: Grant[] } {
  switch (step.kind) {
    case 'site-roles':
      return roleGrants('site-role', '', step.before, step.after);
    case 'organization-roles':
      return roleGrants('organization-role', step.organization, step.before, step.after);
    case 'organization-add':
      return step.because.length === 0
        ? { given: [], taken: [] }
        : { given: [{ kind: 'organization', organization: step.organization, target: '' }], taken: [] };
    case 'organization-remove':
      return { given: [], taken: [{ kind: 'organization', organization: step.organization, target: '' }] };
    default:
      return { given: [], taken: [] };
  }
}

function roleGrants(
  kind: 'site-role' | 'organization-role',
  organization: string,
  before: readonly string[],
  after: readonly string[],
): { given: Grant[]; taken: Grant[] } {
  const grant = (target: string): Grant => ({ kind, organization, target });
  return {
    given: after.filter(role => !before.includes(role)).map(grant),
    taken: before.filter(role => !after.includes(role)).map(grant),
  };
}
