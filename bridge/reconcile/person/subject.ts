/** Whom the audit lines of one person's work are about. Pure. */
import { type Subject } from '../context/audit-lines';
import { type PersonObservation } from '../decide/observation';

/** Who a line of the audit trail is about. */
export function subjectOf(observation: PersonObservation, coderUserId = observation.person?.coderUserId): Subject {
  const { app, userId, user, person } = observation;
  return { app, subject: userId, subjectName: user?.userName ?? person?.userName, coderUserId };
}
