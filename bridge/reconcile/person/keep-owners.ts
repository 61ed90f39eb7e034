/** Sees to it that enough owners who can sign in stay, whoever takes one, on all replicas. */
import { type CoderUser } from '../../coder';
import { withLease } from '../context/mutex';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { keepsOwners } from '../decide/guard';
import { type NewAccount } from '../decide/account';
import { type GuardedGain, type Plan, type Removal } from '../decide/plan';
import { type Actual } from '../decide/steps';

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

/** Whether a plan takes an owner who can sign in. */
export function takesOwner(plan: Plan, actual: Pick<Actual, 'status' | 'siteRoles'>): boolean {
  if (actual.status === 'suspended' || !actual.siteRoles.includes('owner')) return false;
  return plan.steps.some(
    step =>
      step.kind === 'suspend' ||
      step.kind === 'delete' ||
      (step.kind === 'site-roles' && step.before.includes('owner') && !step.after.includes('owner')),
  );
}

/** Whether an owner who can sign in is deleted to be made anew, and will be none then. */
export function losesOwnerAnew(
  { insteadOf, plan }: Pick<NewAccount, 'insteadOf' | 'plan'>,
  allowsGain: (gain: GuardedGain) => boolean,
): boolean {
  if (insteadOf === undefined) return false;
  const { status, siteRoles } = insteadOf.observed.actual;
  const staysOne = plan.gains.some(gain => gain.kind === 'site-role' && gain.target === 'owner' && allowsGain(gain));
  return status !== 'suspended' && siteRoles.includes('owner') && !staysOne;
}

/** What costs an account the owner role. */
export function isOwnerRemoval(removal: Removal): boolean {
  return removal.kind === 'account' || (removal.kind === 'site-role' && removal.target === 'owner');
}

/**
 * Runs `task` knowing whether enough owners stay when what it does takes one; while it runs, nobody else takes one.
 * @throws LeaseTaken
 */
export async function withOwnersKept<T>(
  rim: Rim,
  context: Context,
  takesOne: boolean,
  task: (kept: boolean) => Promise<T>,
): Promise<T> {
  if (!takesOne) return await task(true);
  return await rim.mutex.runExclusive('owners', () =>
    withLease(rim.database.db, 'owners', rim.owner, rim.clock, async () => {
      let owners = 0;
      for await (const owner of rim.coder.listOwners()) if (canSignIn(context, owner)) owners += 1;
      return await task(keepsOwners(owners, context.minOwners));
    }),
  );
}
