/** Sees to it that enough owners who can sign in stay, whoever takes one, on all replicas. */
import { type CoderUser } from '../../coder';
import { withLease } from '../context/mutex';
import { type Context } from '../decide/context';
import { type Rim } from '../context/rim';
import { keepsOwners } from '../decide/guard';
import { type NewAccount } from '../decide/account';
import { type GuardedGain, isOwner, type Plan, type Removal } from '../decide/plan';

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
  if (!isCounted(context, account)) return false;
  return plan.steps.some(
    step =>
      step.kind === 'suspend' ||
      step.kind === 'delete' ||
      (step.kind === 'site-roles' && step.before.includes('owner') && !step.after.includes('owner')),
  );
}

/** Whether an owner who can sign in is deleted to be made anew, and will be none then. */
export function losesOwnerAnew(
  context: Context,
  { insteadOf, plan }: Pick<NewAccount, 'insteadOf' | 'plan'>,
  allowsGain: (gain: GuardedGain) => boolean,
): boolean {
  if (insteadOf === undefined) return false;
  const staysOne = plan.gains.some(gain => isOwner(gain) && allowsGain(gain));
  return isCounted(context, insteadOf.observed.account) && !staysOne;
}

/** What costs an account the owner role. */
export function isOwnerRemoval(removal: Removal): boolean {
  return removal.kind === 'account' || isOwner(removal);
}

/**
 * Runs `task` knowing whether enough owners stay when what it does takes one, by what is declared now; while it runs, nobody else
 * takes one.
 * @throws LeaseTaken, CoderError
 */
export async function withOwnersKept<T>(
  rim: Rim,
  context: Context,
  takesOne: boolean,
  task: (kept: boolean, now: Context) => Promise<T>,
): Promise<T> {
  if (!takesOne) return await task(true, context);
  return await rim.mutex.runExclusive('owners', () =>
    withLease(rim.database.db, 'owners', rim.owner, rim.clock, async () => {
      const owners: CoderUser[] = [];
      for await (const owner of rim.coder.listOwners()) owners.push(owner);
      // What an app asks for counts from its declaration on, and who the bridge is by the token in use, whatever was decided before.
      const now = await rim.context.get();
      const kept = owners.filter(owner => canSignIn(now, owner)).length;
      return await task(keepsOwners(kept, now.minOwners), now);
    }),
  );
}
