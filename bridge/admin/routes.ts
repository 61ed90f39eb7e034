/** The routes of the admin API as data: the reference is generated from it, and a test holds it against the router. */

export interface AdminRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below `/admin/v1`. */
  readonly path: string;
  readonly purpose: string;
  /** Headers, query parameters or fields of the body, in words. */
  readonly takes: string;
  readonly answers: string;
  /** Codes of refusals that are particular to the route. */
  readonly refuses: readonly string[];
}

const PRECONDITION = '`If-Match: "<generation>"`, or `If-None-Match: *` for an app that must not exist';
const DOCUMENT = '200 `{generation, state, scimBaseUrl, groupIds, updatedAt, converged}`';

export const ADMIN_ROUTES: readonly AdminRoute[] = [
  {
    method: 'GET',
    path: '/apps',
    purpose: 'every app with its document',
    takes: '',
    answers: '200 `{apps: […]}`',
    refuses: [],
  },
  {
    method: 'GET',
    path: '/apps/:app',
    purpose: 'one app; `ETag` is its generation',
    takes: '',
    answers: DOCUMENT,
    refuses: ['not_found'],
  },
  {
    method: 'PUT',
    path: '/apps/:app',
    purpose: 'creates an app or replaces its document; waits up to 10 s for Coder to agree, and says whether it does',
    takes: `a mapping state; ${PRECONDITION}`,
    answers: DOCUMENT,
    refuses: ['invalid_mapping_state', 'mapping_state_version', 'generation_conflict', 'invalid_precondition'],
  },
  {
    method: 'DELETE',
    path: '/apps/:app',
    purpose:
      'removes an app: its tokens stop working at once, its people leave by its policies; waits up to 10 s for that, and asked again says how far it is',
    takes: '`If-Match: "<generation>"`',
    answers: '204 when nothing of it is left in Coder, else 202 `{app, since, pending, hold}`',
    refuses: ['not_found', 'generation_conflict', 'invalid_precondition'],
  },
  {
    method: 'GET',
    path: '/apps/:app/removal',
    purpose: 'what is left in Coder of an app that was removed',
    takes: '',
    answers: '200 `{app, since, pending, hold}`',
    refuses: ['not_found'],
  },
  {
    method: 'GET',
    path: '/status',
    purpose: 'Coder, apps, tokens, what waits, is held, parked or refused to a leaver, what the guard stopped',
    takes: '',
    answers: '200 `{version, coder, apps, pending, holds, recovery}`',
    refuses: [],
  },
  {
    method: 'POST',
    path: '/plan',
    purpose: 'what would change in Coder; nothing is written',
    takes: '`{app?, state?}`: one app, or as if `state` were applied',
    answers: '200 `{changes, adoption, problems, hold}`',
    refuses: ['invalid_mapping_state', 'mapping_state_version', 'coder_failed'],
  },
  {
    method: 'POST',
    path: '/sweep',
    purpose: 'compares everything with Coder now',
    takes: '`{app?}`',
    answers: '204',
    refuses: ['coder_failed', 'recovery_pending'],
  },
  {
    method: 'GET',
    path: '/audit',
    purpose: 'the audit trail: the newest first, or after an id the oldest first',
    takes:
      'query: `app`, `subject`, `actor`, `action`, `result`, `token`, `request`, `since`, `until`, `after`, `before`, `limit` (at most 1000)',
    answers: '200 `{entries: […]}`',
    refuses: ['invalid_query'],
  },
  {
    method: 'GET',
    path: '/requests',
    purpose: 'the last SCIM requests of each app (1,000 are kept): the newest first, or after an id the oldest first',
    takes: 'query: `app`, `after`, `limit` (at most 1000)',
    answers: '200 `{requests: […]}`',
    refuses: ['invalid_query'],
  },
  {
    method: 'POST',
    path: '/apps/:app/debug',
    purpose: 'keeps bodies of requests for so long, without secrets; 0 stops, and forgets those that were kept',
    takes: '`{milliseconds}`: at most a day',
    answers: '200 `{until}`',
    refuses: ['not_found'],
  },
  {
    method: 'GET',
    path: '/identities',
    purpose: "who is who: SCIM id, externalId and userName beside Coder's id and username",
    takes: 'query: `app`',
    answers: '200 `{identities: […]}`',
    refuses: [],
  },
  {
    method: 'GET',
    path: '/explain',
    purpose: 'why people have what they have',
    takes: 'query: `user`: userName, e-mail, externalId, SCIM id, Coder id or username',
    answers: '200 `{people: […]}`',
    refuses: ['invalid_query'],
  },
  {
    method: 'GET',
    path: '/doctor',
    purpose: 'checks what provisioning needs',
    takes: '',
    answers: '200 `{checks: [{name, state, detail, next}]}`',
    refuses: [],
  },
  {
    method: 'POST',
    path: '/holds/:id/release',
    purpose: 'lets exactly this plan pass the guard',
    takes: '`{by}`: who decides',
    answers: '200 `{released}`',
    refuses: ['hold_changed'],
  },
  {
    method: 'GET',
    path: '/recovery',
    purpose: 'what Coder has seen and a restored database does not know, in people',
    takes: '',
    answers: '200 `{reason, since, people, other}`; `reason` is null when nothing is pending',
    refuses: ['coder_failed'],
  },
  {
    method: 'POST',
    path: '/recovery/end',
    purpose: 'lets the bridge give and take again, with the database as it is',
    takes: '`{by}`: who decides',
    answers: '200 `{ended}`',
    refuses: [],
  },
  {
    method: 'POST',
    path: '/re-hires',
    purpose:
      'says whether somebody who came back as a new object of the directory keeps the account of before (`keep`) or gets a new one in its place (`replace`)',
    takes: '`{user, answer, by}`: SCIM id, userName or e-mail',
    answers: '200 `{userName}`',
    refuses: ['nobody_waits'],
  },
  {
    method: 'POST',
    path: '/work/retry',
    purpose: 'tries parked work again, and accepts that former owners stay none',
    takes: '`{key?}`: one key, or all',
    answers: '200 `{retried}`',
    refuses: [],
  },
  {
    method: 'DELETE',
    path: '/throwaway/:coderUserId',
    purpose: 'deletes the suspended account of a throw-away person of `coder-scim verify`, and no other',
    takes: '',
    answers: '204',
    refuses: ['not_throwaway', 'coder_failed'],
  },
];

/** Refusals that every route knows: status, code, meaning. */
export const ADMIN_REFUSALS = [
  [400, 'invalid_json', 'the body is no JSON'],
  [400, 'invalid_request', 'the body or path is not as the route wants it; `issues` says where'],
  [400, 'invalid_query', 'a parameter is unknown or wrong'],
  [400, 'invalid_precondition', '`If-Match` or `If-None-Match` says nothing that the route understands'],
  [401, 'unauthorized', 'no admin token, or not the right one'],
  [403, 'not_throwaway', 'the account was not made by `coder-scim verify`'],
  [404, 'not_found', 'no such app'],
  [404, 'unknown_route', 'no such route'],
  [409, 'hold_changed', 'the hold is another one by now, or gone'],
  [409, 'nobody_waits', 'nobody of that name waits for an answer about a re-hire'],
  [409, 'recovery_pending', 'the database is older than Coder: nothing is given or taken until `coder-scim recover`'],
  [412, 'generation_conflict', 'the app is at another generation, which is in `generation`'],
  [413, 'too_large', 'the body is longer than 8 MiB'],
  [422, 'invalid_mapping_state', 'the document is refused as a whole; `issues` has every mistake with its path'],
  [422, 'mapping_state_version', 'the document is of another version; the message says which side to upgrade'],
  [429, 'too_many_failures', 'too many wrong credentials from this address; `Retry-After` says how long'],
  [500, 'internal', 'a defect; the log has the cause under the request id'],
  [502, 'coder_failed', 'Coder did not do what the route needed'],
  [503, 'database_unavailable', 'the database is away, locked or full; nothing was changed'],
] as const;
