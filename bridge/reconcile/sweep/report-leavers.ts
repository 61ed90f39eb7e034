/**
 * Where the sweep only reports, a leaver whom somebody let in again in Coder stays in: held, so that it is seen and the app has not
 * converged, until somebody has acted or the policy repairs.
 */
import { readPerson, writePerson } from '../../store/accounts/people';
import { writeAudit } from '../../store/audit/audit';
import { type Cause } from '../../store/work/enqueue';
import { AuditLines } from '../context/audit-lines';
import { type Rim } from '../context/rim';
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
      // Who is held already is listed.
      if (person?.heldReason !== (account === undefined ? REASON : undefined)) continue;
      // Whoever was dealt with since they were compared is as that left them.
      const now = await readPerson(db, userId);
      if (now?.heldReason !== person?.heldReason || now?.convergedAt !== person?.convergedAt) continue;
      const held = account === undefined ? null : { reason: REASON, detail: detailOf(account) };
      await writePerson(db, { userId, app, userName }, { held }, at);
      if (held !== null)
        lines.note({ app, subject: userId, subjectName: userName, coderUserId: account?.id }, 'person.held', 'held', {
          target: REASON,
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

function detailOf({ username, status }: Account): string {
  return `the person has left, and account ${JSON.stringify(username)} is ${status} all the same: somebody let it in again in Coder, and policies.drift only reports; suspend it in Coder, or set policies.drift to "repair"`;
}
