/**
 * Removes what is kept for a time only: lines of the audit trail by their age, and what the guard counted more than an hour ago. A sweep does
 * so at its end; where none comes, since they are off or no app is declared, a look of its own does.
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
export async function forgetOld({ database, clock, ending }: Rim, auditRetentionMs: number): Promise<void> {
  const now = clock.now();
  await pruneLedger(database.db, now - HOUR_MS);
  if (auditRetentionMs <= 0) return;
  const forgetSome = () => database.transact(db => pruneAudit(db, now - auditRetentionMs));
  while (!ending.aborted && (await forgetSome()) > 0) await nextTurn();
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
