/**
 * Removes what is kept for a time only: lines of the audit trail by their age, and what the guard counted more than an hour ago. A sweep does
 * so at its end; where none comes, since they are off or no app is declared, a look of its own does. A clock that just jumped removes nothing.
 */
import { pruneLedger } from '../../store/accounts/ledger';
import { pruneAudit } from '../../store/audit/chain';
import { nextTurn } from '../../store/database/turns';
import { dropLease, takeLease } from '../../store/work/leases';
import { type Rim } from '../context/rim';
import { HOUR_MS } from '../decide/guard';

const LEASE = 'forget-old';
const LEASE_MS = 30_000;

/** @param auditRetentionMs 0: lines of the audit trail are kept for ever */
export async function forgetOld({ database, settled, log, ending }: Rim, auditRetentionMs: number): Promise<void> {
  const now = settled.look();
  if (now === undefined) return;
  await pruneLedger(database.db, now - HOUR_MS);
  if (auditRetentionMs <= 0) return;
  const before = now - auditRetentionMs;
  const forgetSome = () => database.transact(db => pruneAudit(db, before));
  let lines = 0;
  for (let some = 1; !ending.aborted && some > 0; lines += some) {
    some = await forgetSome();
    await nextTurn();
  }
  if (lines > 0)
    log.info({ lines, before: new Date(before).toISOString() }, 'lines of the audit trail were removed by their age');
}

/** The same, unless another replica is at it. */
export async function forgetOldAlone(rim: Rim, auditRetentionMs: number): Promise<void> {
  const { db } = rim.database;
  if (!(await takeLease(db, LEASE, rim.owner, rim.clock.now(), LEASE_MS))) return;
  try {
    await forgetOld(rim, auditRetentionMs);
  } finally {
    await dropLease(db, LEASE, rim.owner);
  }
}
