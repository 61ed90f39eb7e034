/**
 * Where the sweep only reports, a leaver whom somebody let in again in Coder stays in: held, so that it is seen and the app has not
 * converged, until somebody has acted or the policy repairs.
 */
import { readPerson, writePerson } from '../../store/accounts/people';
import { writeAudit } from '../../store/audit/audit';
import { type Cause } from '../../store/work/enqueue';
import { AuditLines } from '../context/audit-lines';
import { type Rim } from '../context/rim';
import { StillIn } from '../decide/hold-reason';
import { type Account } from '../decide/observation';
import { type Plan } from '../decide/plan';
import { type Finding } from '../survey/survey';
import { DRIFT_REPORTED as REASON } from './tried-again';

/** @param findings everybody of an app who differs, or is held for something else than what was found */
export async function reportLeavers(rim: Rim, findings: readonly Finding[], cause: Cause): Promise<void> {
  const at = rim.clock.now();
  await rim.database.transact(async db => {
    const lines = new AuditLines(cause, () => at);
    for (const finding of findings) {
      const { app, userId, userName, person } = finding;
      const account = openAccount(finding);
      const held = account === undefined ? stillIn(finding) : { reason: REASON, detail: detailOf(account) };
      const before = person?.heldReason;
      // Who is held already is listed, and what somebody is held for by their own work is seen to there.
      if (before === held?.reason || (before !== undefined && before !== REASON)) continue;
      // Whoever was dealt with since they were compared is as that left them.
      const now = await readPerson(db, userId);
      if (now?.heldReason !== before || now?.convergedAt !== person?.convergedAt) continue;
      await writePerson(db, { userId, app, userName }, { held }, at);
      if (held !== null)
        lines.note({ app, subject: userId, subjectName: userName, coderUserId: account?.id }, 'person.held', 'held', {
          target: held.reason,
          detail: held.detail,
        });
    }
    await writeAudit(db, lines.rows);
  });
}

/** An account of somebody who is out, to which they can sign in. */
function openAccount({ desired, account, plan, others }: Finding): Account | undefined {
  if (desired.account !== 'absent') return undefined;
  const planned: { readonly account: Account; readonly plan: Plan }[] = [
    ...('user' in account ? [{ account: account.user, plan }] : []),
    ...others.map(other => ({ account: other.observed.account, plan: other.plan })),
  ];
  return planned.find(
    one =>
      one.account.status !== 'suspended' && one.plan.steps.some(({ kind }) => kind === 'suspend' || kind === 'delete'),
  )?.account;
}

/** What nobody but an operator can lock: held for itself, as where the sweep repairs. */
function stillIn({ held }: Finding): { readonly reason: string; readonly detail: string } | null {
  return held.find(one => one instanceof StillIn) ?? null;
}

function detailOf({ username, status }: Account): string {
  return `the person has left, and account ${JSON.stringify(username)} is ${status} all the same: somebody let it in again in Coder, and policies.drift only reports; suspend it in Coder, or set policies.drift to "repair"`;
}
