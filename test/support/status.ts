/** What the admin API says of a bridge. */
import { type Status } from '../../bridge/contract/admin-api';

/** A bridge whose Coder is there and that nothing is declared to, but for what is said. */
export function statusOf(more: Partial<Status> = {}): Status {
  return {
    version: '1.0.0',
    coder: {
      url: 'https://coder',
      reachable: true,
      version: 'v2.36.0',
      account: 'bridge',
      credentialExpiresAt: null,
      problem: null,
      seats: null,
    },
    apps: [],
    ending: [],
    pending: [],
    heldFor: [],
    holds: [],
    leftOver: [],
    recovery: null,
    recoveryPending: false,
    auditProblem: null,
    ...more,
  };
}

/** What is known of a Coder that says nothing. */
export const SILENT_CODER = {
  url: 'https://coder.example.com',
  reachable: false,
  version: null,
  account: null,
  credentialExpiresAt: null,
  problem: 'Coder did not answer within 3 s',
} satisfies Omit<Status['coder'], 'seats'>;
