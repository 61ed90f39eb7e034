/** What the errors of other parts become in the admin API. Rendered once, by the router. */
import { CoderError } from '../coder';
import { MappingStateError } from '../contract/mapping-state';
import { Refusal, toRefusal } from '../http/refusal';
import {
  HoldChanged,
  NobodyWaits,
  NotYetCompared,
  RecoveryChanged,
  RecoveryPending,
  SweptElsewhere,
  TooManyPlans,
} from '../reconcile';
import { GenerationConflict } from '../store/apps/apps';
import { TokenTaken } from '../store/apps/credentials';

/** The refusal that an error of a route means; undefined for a defect. */
export function toAdminRefusal(error: unknown): Refusal | undefined {
  if (error instanceof MappingStateError) return refuseDocument(error);
  if (error instanceof GenerationConflict) {
    return new Refusal(412, 'generation_conflict', error.message, { generation: error.actual });
  }
  if (error instanceof TokenTaken) {
    return new Refusal(422, 'invalid_mapping_state', error.message, {
      issues: [{ path: ['tokens', error.token, 'digest'], message: error.message }],
    });
  }
  if (error instanceof HoldChanged) return new Refusal(409, 'hold_changed', error.message);
  if (error instanceof RecoveryChanged) return new Refusal(409, 'recovery_changed', error.message);
  if (error instanceof RecoveryPending) return new Refusal(409, 'recovery_pending', error.message);
  if (error instanceof SweptElsewhere)
    return new Refusal(503, 'swept_elsewhere', error.message, {
      headers: { 'retry-after': String(error.againInSeconds) },
    });
  if (error instanceof TooManyPlans)
    return new Refusal(503, 'too_many_plans', error.message, {
      headers: { 'retry-after': String(error.againInSeconds) },
    });
  if (error instanceof NobodyWaits) return new Refusal(409, 'nobody_waits', error.message);
  // What a plan, a sweep or a clean-up asked of Coder did not succeed: not the caller's fault, and not a defect.
  if (error instanceof CoderError || error instanceof NotYetCompared)
    return new Refusal(502, 'coder_failed', error.message);
  return toRefusal(error);
}

function refuseDocument({ code, issues }: MappingStateError): Refusal {
  if (code === 'version') {
    return new Refusal(422, 'mapping_state_version', issues[0]?.message ?? 'document of another version', { issues });
  }
  const count = issues.length === 1 ? 'one mistake' : `${issues.length} mistakes`;
  return new Refusal(422, 'invalid_mapping_state', `the mapping state has ${count} and is refused as a whole`, {
    issues,
  });
}
