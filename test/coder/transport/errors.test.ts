import { CoderError, type CoderErrorDetails, isRefusal, outcomeOf } from '../../../bridge/coder/transport/errors';
import { redact } from '../../../bridge/coder/transport/redact';

const error = (details: Omit<CoderErrorDetails, 'route'>): CoderError =>
  new CoderError('no', { route: 'PUT /users/{user}/roles', ...details });

test.each<[Omit<CoderErrorDetails, 'route'>, string]>([
  [{ kind: 'unreachable' }, 'retry'],
  [{ kind: 'timeout' }, 'retry'],
  [{ kind: 'circuit_open', retryAfterMs: 5 }, 'retry'],
  [{ kind: 'rate_limited' }, 'retry'],
  [{ kind: 'unauthorized' }, 'retry'],
  [{ kind: 'failed' }, 'failed'],
  [{ kind: 'unexpected' }, 'failed'],
  [{ kind: 'incomplete_listing' }, 'failed'],
  [{ kind: 'refused', reason: 'concurrent-change' }, 'failed'],
  [{ kind: 'refused', reason: 'already-member' }, 'failed'],
  [{ kind: 'refused', reason: 'owner-role-first' }, 'failed'],
  [{ kind: 'refused', reason: 'email-invalid' }, 'terminal'],
  [{ kind: 'refused', reason: 'site-role-sync' }, 'terminal'],
  [{ kind: 'refused' }, 'terminal'],
  [{ kind: 'forbidden' }, 'terminal'],
  [{ kind: 'licence' }, 'terminal'],
  [{ kind: 'not_found_or_forbidden' }, 'terminal'],
  [{ kind: 'unsupported' }, 'terminal'],
])('%j is %s', (details, outcome) => {
  expect(outcomeOf(error(details)).kind).toBe(outcome);
});

test('a retry says when: as Coder asked, or a pause of its own', () => {
  expect(outcomeOf(error({ kind: 'rate_limited', retryAfterMs: 1_234 }))).toMatchObject({ afterMs: 1_234 });
  expect(outcomeOf(error({ kind: 'rate_limited' }))).toMatchObject({ afterMs: 60_000 });
  expect(outcomeOf(error({ kind: 'circuit_open', retryAfterMs: 5 }))).toMatchObject({ afterMs: 5 });
});

test('an error of another origin failed, and is kept', () => {
  const bug = new TypeError('bug');
  expect(outcomeOf(bug)).toEqual({ kind: 'failed', error: bug });
});

test('a refusal is asked for by its reason', () => {
  const refusal = error({ kind: 'refused', reason: 'has-workspaces' });
  expect(isRefusal(refusal)).toBe(true);
  expect(isRefusal(refusal, 'own-account', 'has-workspaces')).toBe(true);
  expect(isRefusal(refusal, 'own-account')).toBe(false);
  expect(isRefusal(error({ kind: 'failed' }))).toBe(false);
  expect(isRefusal(new Error('x'))).toBe(false);
});

test('tokens are taken out of a text, ids are not', () => {
  const id = '0190a1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b';
  expect(redact(`a abcdefghij-ABCDEFGHIJKLMNOPQRSTUV b ${id}`)).toBe(`a [redacted] b ${id}`);
  expect(redact('x secret y', 'secret', undefined, '')).toBe('x [redacted] y');
});
