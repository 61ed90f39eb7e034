/** A request as the journal keeps it. */
import { type RequestRecord } from '../../bridge/store/requests/requests';

/** A read that went well, at 0, but for what is said. */
export function requestRecord(more: Partial<RequestRecord> = {}): RequestRecord {
  return {
    at: 0,
    app: 'acme',
    requestId: 'r',
    token: 'main',
    method: 'GET',
    path: '/Users',
    status: 200,
    scimType: undefined,
    detail: undefined,
    coercions: [],
    changes: [],
    milliseconds: 1,
    body: undefined,
    ...more,
  };
}
