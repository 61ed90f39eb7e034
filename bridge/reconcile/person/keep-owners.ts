/** Sees to it that enough owners who can sign in stay, whoever takes one, on all replicas. */
import { type CoderUser } from '../../coder';
import { mayLastUntil, readEntries } from '../../store/journal/journal';
import { oneAtATime } from '../context/one-at-a-time';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { keepsOwners } from '../decide/guard';
import { type NewAccount } from '../decide/account';
import { type GuardedGain, isOwner, type Plan, type Removal } from '../decide/plan';
import { type Step } from '../decide/steps';
import { begunSteps, interruptedSteps } from './interrupted-steps';

/** The bridge's own account is nobody who could put things right, and neither is a service account. */
export function canSignIn(
  context: Context,
  account: Pick<CoderUser, 'id' | 'status' | 'loginType' | 'serviceAccount'>,
): boolean {
  return (
    account.status !== 'suspended' &&
    !account.serviceAccount &&
    account.loginType !== 'none' &&
    account.id !== context.catalog.own.id
  );
}

type Owner = Parameters<typeof canSignIn>[1] & Pick<CoderUser, 'roles'>;

/** Whether the account is one of those who are counted. */
function isCounted(context: Context, account: Owner): boolean {
  return account.roles.includes('owner') && canSignIn(context, account);
}

/** Whether a plan takes an owner who can sign in. */
export function takesOwner(context: Context, plan: Plan, account: Owner): boolean {
  return isCounted(context, account) && plan.steps.some(costsOwner);
}

/** The account of an owner who can sign in that is deleted to be made anew, and whether the new one will be one; undefined when it is none. */
export function ownerMadeAnew(
  context: Context,
  { insteadOf, plan }: Pick<NewAccount, 'insteadOf' | 'plan'>,
  allowsGain: (gain: GuardedGain) => boolean,
): { readonly id: string; readonly staysOne: boolean } | undefined {
  if (insteadOf === undefined || !isCounted(context, insteadOf.observed.account)) return undefined;
  return {
    id: insteadOf.observed.account.id,
    staysOne: plan.gains.some(gain => isOwner(gain) && allowsGain(gain)),
  };
}

/** What costs an account the owner role. */
export function isOwnerRemoval(removal: Removal): boolean {
  return removal.kind === 'account' || isOwner(removal);
}

/** Owners whose role, or account, a call whose answer nobody has heard may still take: they do not count as staying. */
async function stillGoing(rim: Rim, owners: readonly CoderUser[]): Promise<ReadonlySet<string>> {
  const now = rim.clock.now();
  const entries = await readEntries(
    rim.database.db,
    'steps',
    owners.map(({ id }) => id),
  );
  return new Set(
    [...entries].flatMap(([id, entry]) => {
      const interrupted = interruptedSteps(entry);
      const begun = interrupted === undefined ? [] : begunSteps(interrupted);
      return begun.some(({ step, since }) => costsOwner(step) && mayLastUntil(since, now) > now) ? [id] : [];
    }),
  );
}

/** Whether a step takes the owner role. */
export function takesOwnerRole(step: Step): boolean {
  return step.kind === 'site-roles' && step.before.includes('owner') && !step.after.includes('owner');
}

function costsOwner(step: Step): boolean {
  return takesOwnerRole(step) || step.kind === 'suspend' || step.kind === 'delete';
}

/**
 * Runs `task` knowing whether enough owners stay when what it does takes one, by what is declared now; while it runs, nobody else
 * takes one.
 * @param taken the owner's account that is taken; undefined where none is
 * @throws LeaseTaken, CoderError
 */
export async function withOwnersKept<T>(
  rim: Rim,
  context: Context,
  taken: string | undefined,
  task: (kept: boolean, now: Context) => Promise<T>,
): Promise<T> {
  if (taken === undefined) return await task(true, context);
  return await oneAtATime(rim, 'owners', async () => {
    const owners: CoderUser[] = [];
    for await (const owner of rim.coder.listOwners()) owners.push(owner);
    // What an app asks for counts from its declaration on, and who the bridge is by the token in use, whatever was decided before.
    const now = await rim.context.get();
    const going = await stillGoing(rim, owners);
    const kept = owners.filter(owner => canSignIn(now, owner) && (owner.id === taken || !going.has(owner.id))).length;
    return await task(keepsOwners(kept, now.minOwners), now);
  });
}
