/** The routes of the admin API as data: it says who may call what, the reference is generated from it, and a test holds it against the router. */
import { type NeededScopes } from '../http/caller';

export interface AdminRoute {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Below `/admin/v1`. */
  readonly path: string;
  /** Which scopes of a credential open the route: any of these, or all that there are. */
  readonly scopes: NeededScopes;
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
    scopes: ['declare', 'read'],
    purpose: 'every app with its document',
    takes: '',
    answers: '200 `{apps: […]}`',
    refuses: [],
  },
  {
    method: 'GET',
    path: '/apps/:app',
    scopes: ['declare', 'read'],
    purpose: 'one app; `ETag` is its generation',
    takes: '',
    answers: DOCUMENT,
    refuses: ['not_found'],
  },
  {
    method: 'PUT',
    path: '/apps/:app',
    scopes: ['declare'],
    purpose: 'creates an app or replaces its document; waits up to 10 s for Coder to agree, and says whether it does',
    takes: `a mapping state; ${PRECONDITION}`,
    answers: DOCUMENT,
    refuses: ['invalid_mapping_state', 'mapping_state_version', 'generation_conflict', 'invalid_precondition'],
  },
  {
    method: 'DELETE',
    path: '/apps/:app',
    scopes: ['declare'],
    purpose:
      'removes an app: its tokens stop working at once, its people leave by its policies; waits up to 10 s for that, and asked again says how far it is',
    takes: '`If-Match: "<generation>"`',
    answers: '204 when nothing of it is left in Coder, else 202 `{app, since, pending, hold}`',
    refuses: ['not_found', 'generation_conflict', 'invalid_precondition'],
  },
  {
    method: 'GET',
    path: '/apps/:app/removal',
    scopes: ['declare', 'read'],
    purpose: 'what is left in Coder of an app that was removed',
    takes: '',
    answers: '200 `{app, since, pending, hold}`',
    refuses: ['not_found'],
  },
  {
    method: 'GET',
    path: '/status',
    scopes: ['declare', 'read'],
    purpose: 'Coder, apps, tokens, what waits, is held, parked or refused to a leaver, what the guard stopped',
    takes: '',
    answers:
      '200 `{version, coder, apps, ending, pending, heldFor, holds, recovery}`; `pending` lists the first 200 of each kind, of which `apps`, `ending` and `heldFor` count all',
    refuses: [],
  },
  {
    method: 'POST',
    path: '/plan',
    scopes: ['declare', 'read'],
    purpose: 'what would change in Coder; nothing is written',
    takes: '`{app?, state?, deleted?}`: one app, or as if `state` were applied, or as if the app were deleted',
    answers: '200 `{changes, adoption, problems, holds, seats}`',
    refuses: ['not_found', 'invalid_mapping_state', 'mapping_state_version', 'coder_failed', 'too_many_plans'],
  },
  {
    method: 'POST',
    path: '/sweep',
    scopes: ['operate'],
    purpose: 'compares everything with Coder now',
    takes: '`{app?}`',
    answers: '204',
    refuses: ['not_found', 'coder_failed', 'recovery_pending', 'swept_elsewhere'],
  },
  {
    method: 'GET',
    path: '/audit',
    scopes: ['read'],
    purpose: 'the audit trail: the newest first; after an id, or after the number of a sealed line, the oldest first',
    takes:
      'query: `app`, `subject`, `actor`, `action`, `result`, `token`, `request`, `since`, `until` (RFC 3339, UTC without a zone), `after`, `afterSeq`, `before`, `limit` (at most 1000)',
    answers: '200 `{entries: […]}`',
    refuses: ['invalid_query'],
  },
  {
    method: 'GET',
    path: '/audit/chain',
    scopes: ['read'],
    purpose: 'hashes the whole audit trail again, and says whether it is what was written',
    takes: 'query: `anchor`: `<line>:<hash>` as noted elsewhere',
    answers: '200 `{whole, checked, unsealed, cut, head, broken}`',
    refuses: ['invalid_query'],
  },
  {
    method: 'GET',
    path: '/ai-usage',
    scopes: ['read'],
    purpose: "who used AI through Coder's gateway, by subject of the directory; `problem` where Coder does not say",
    takes: 'query: `since`, `until` (RFC 3339, UTC without a zone); the last 30 days without them',
    answers: '200 `{since, until, problem, people}`',
    refuses: ['invalid_query', 'coder_failed'],
  },
  {
    method: 'GET',
    path: '/requests',
    scopes: ['read'],
    purpose: 'the last SCIM requests of each app (1,000 are kept): the newest first, or after an id the oldest first',
    takes: 'query: `app`, `after`, `limit` (at most 1000)',
    answers: '200 `{requests: […]}`',
    refuses: ['invalid_query'],
  },
  {
    method: 'POST',
    path: '/apps/:app/debug',
    scopes: ['operate'],
    purpose: 'keeps bodies of requests for so long, without secrets; 0 stops, and forgets those that were kept',
    takes: '`{milliseconds}`: at most a day',
    answers: '200 `{until}`',
    refuses: ['not_found'],
  },
  {
    method: 'GET',
    path: '/identities',
    scopes: ['read'],
    purpose: "who is who: SCIM id, externalId and userName beside Coder's id and username",
    takes: 'query: `app`',
    answers: '200 `{identities: […]}`',
    refuses: ['not_found'],
  },
  {
    method: 'GET',
    path: '/explain',
    scopes: ['read'],
    purpose: 'why people have what they have',
    takes: 'query: `user`: userName, e-mail, externalId, SCIM id, Coder id or username',
    answers: '200 `{people: […]}`',
    refuses: ['invalid_query'],
  },
  {
    method: 'GET',
    path: '/doctor',
    scopes: ['read'],
    purpose: 'checks what provisioning needs',
    takes: '',
    answers: '200 `{checks: [{name, state, detail, next}]}`',
    refuses: [],
  },
  {
    method: 'POST',
    path: '/holds/:id/release',
    scopes: ['operate'],
    purpose: 'lets exactly this plan pass the guard',
    takes: '`{by?, reason?}`: who says that they decide, and why',
    answers: '200 `{released}`',
    refuses: ['hold_changed'],
  },
  {
    method: 'GET',
    path: '/recovery',
    scopes: ['read'],
    purpose: 'what Coder has seen and a restored database does not know, in people',
    takes: '',
    answers:
      '200 `{reason, mayEnd, since, people, other}`; `reason` is null when nothing is pending, `mayEnd` false where it ends by itself',
    refuses: ['coder_failed'],
  },
  {
    method: 'POST',
    path: '/recovery/end',
    scopes: ['operate'],
    purpose: 'lets the bridge give and take again, with the database as it is',
    takes: '`{since?, by?, reason?}`: the recovery that was shown, who says that they decide, and why',
    answers: '200 `{ended}`',
    refuses: ['coder_failed', 'recovery_changed', 'recovery_pending'],
  },
  {
    method: 'POST',
    path: '/re-hires',
    scopes: ['operate'],
    purpose:
      'says whether somebody who came back as a new object of the directory keeps the account of before (`keep`) or gets a new one in its place (`replace`)',
    takes:
      '`{user, answer, account?, by?, reason?}`: SCIM id, userName or e-mail; the account that was asked about (`account` in the status), so that the answer is for no other one: without it, for the one that is asked about when it comes',
    answers: '200 `{userName}`',
    refuses: ['nobody_waits'],
  },
  {
    method: 'POST',
    path: '/apps/:app/refused/dismiss',
    scopes: ['operate'],
    purpose:
      'takes an entry away that says who would have been locked out by a refused request: an operator has dealt with it, and says how; one more refusal is an entry again',
    takes:
      '`{who, reason, times?, by?}`: key of the entry, or its name as the status shows it; how often it had been refused (`attempts` in the status), so that nothing goes that was refused since',
    answers: '200 `{dismissed}`: the name',
    refuses: ['not_found', 'not_refused'],
  },
  {
    method: 'POST',
    path: '/work/retry',
    scopes: ['operate'],
    purpose: 'tries parked work again; of a former owner who is named, accepts that they stay none',
    takes: '`{key?, by?, reason?}`: one key, or all',
    answers: '200 `{retried}`',
    refuses: [],
  },
  {
    method: 'DELETE',
    path: '/throwaway/:coderUserId',
    scopes: ['declare', 'operate'],
    purpose: 'deletes the suspended account of a throw-away person of `coder-scim verify`, and no other',
    takes: '',
    answers: '204',
    refuses: ['not_throwaway', 'coder_failed'],
  },
  {
    method: 'GET',
    path: '/activity',
    scopes: ['read'],
    purpose: 'requests, refusals and changes of the last day, hour by hour',
    takes: '',
    answers: '200 `{stepMs, completeSince, steps: [{at, requests, refused, changes}]}`',
    refuses: [],
  },
  {
    method: 'GET',
    path: '/people',
    scopes: ['read'],
    purpose: 'people by a part of their userName, e-mail or Coder username',
    takes: 'query: `search`, `app`, `held` (true), `limit` (at most 1000)',
    answers: '200 `{people: […]}`',
    refuses: ['invalid_query'],
  },
  {
    method: 'GET',
    path: '/groups',
    scopes: ['read'],
    purpose: 'which group of the identity provider gives what to how many people, and which groups no mapping names',
    takes: 'query: `app`, `search`',
    answers: '200 `{mappings, groups, total}`; at most 500 groups',
    refuses: ['invalid_query'],
  },
  {
    method: 'GET',
    path: '/holds/:id',
    scopes: ['read'],
    purpose: 'what the guard stopped, with everybody whom it is about and each of their changes',
    takes: '',
    answers: '200 `{id, app, reason, people, createdAt, changes, persons}`',
    refuses: ['not_found'],
  },
  {
    method: 'GET',
    path: '/apps/:app/setup',
    scopes: ['read'],
    purpose:
      'how far the connection of the identity provider is: token, first request, person, account, group, mappings, claims',
    takes: '',
    answers: '200 `{app, identityProvider, mode, scimBaseUrl, steps: [{name, done, detail}]}`',
    refuses: ['not_found'],
  },
  {
    method: 'GET',
    path: '/credentials',
    scopes: ['read'],
    purpose: 'admin credentials: names, scopes, expiry, last use; nothing secret',
    takes: '',
    answers: '200 `{credentials: […]}`',
    refuses: [],
  },
  {
    method: 'POST',
    path: '/credentials',
    scopes: 'all',
    purpose: 'makes an admin credential by the digest of its secret, or rotates one',
    takes:
      '`{name, digest, scopes, expiresAt, overlapMs?}`: with `overlapMs` the one of that name is taken for so long more',
    answers: '201 `{credentials: […]}`',
    refuses: ['credential_taken', 'credential_declared'],
  },
  {
    method: 'DELETE',
    path: '/credentials/:name',
    scopes: 'all',
    purpose: 'revokes an admin credential that was made by command, and ends the sessions that hang on it',
    takes: '',
    answers: '204',
    refuses: ['not_found', 'credential_declared'],
  },
];

/** Refusals that every route knows: status, code, meaning. */
export const ADMIN_REFUSALS = [
  [400, 'invalid_json', 'the body is no JSON'],
  [400, 'invalid_request', 'the body or path is not as the route wants it; `issues` says where'],
  [400, 'invalid_query', 'a parameter is unknown or wrong'],
  [400, 'invalid_precondition', '`If-Match` or `If-None-Match` says nothing that the route understands'],
  [401, 'unauthorized', 'no admin credential, one that is not known, or one that has expired'],
  [403, 'missing_scope', 'the credential has no scope that the route wants'],
  [403, 'not_throwaway', 'the account was not made by `coder-scim verify`'],
  [404, 'not_found', 'no such app, hold or credential'],
  [404, 'unknown_route', 'no such route'],
  [409, 'credential_declared', "the credential stands in the bridge's configuration"],
  [409, 'credential_taken', 'a credential of that name or digest is there already'],
  [409, 'hold_changed', 'the hold is another one by now, or gone'],
  [
    409,
    'nobody_waits',
    'nobody of that name waits for an answer about a re-hire, another account is asked about by now, or somebody has given the opposite answer',
  ],
  [
    409,
    'not_refused',
    'nothing is refused to whom the request names, or to more than one of that name, or more by now',
  ],
  [409, 'recovery_changed', 'the recovery is another one than the one that was shown'],
  [409, 'recovery_pending', 'the database is older than Coder: nothing is given or taken until `coder-scim recover`'],
  [412, 'generation_conflict', 'the app is at another generation, which is in `generation`'],
  [413, 'too_large', 'the body is longer than 8 MiB'],
  [422, 'invalid_mapping_state', 'the document is refused as a whole; `issues` has every mistake with its path'],
  [422, 'mapping_state_version', 'the document is of another version; the message says which side to upgrade'],
  [429, 'too_many_failures', 'too many wrong credentials from this address; `Retry-After` says how long'],
  [500, 'internal', 'a defect; the log has the cause under the request id'],
  [502, 'coder_failed', 'Coder did not do what the route needed'],
  [503, 'database_unavailable', 'the database is away, locked or full; nothing was changed'],
  [
    503,
    'swept_elsewhere',
    'another bridge compares with Coder right now, or ended while it did; `Retry-After` says when to try again',
  ],
  [503, 'too_many_plans', 'two plans are being made at the moment; `Retry-After` says when to try again'],
] as const;
