/** What of a Bulk is written together, so that it shares a commit (each operation is a transaction of its own all the same), and waited for. */
import { ScimError } from '../../scim-language/errors';
import { type ReadOperation, referencesOf } from '../../scim-language/messages/bulk-message';
import { userType } from '../../scim-language/schema/resource-types';
import { type WorkKey } from '../../store/work/enqueue';

const MOST_TOGETHER = 32;

/**
 * Where the operations end that may be written together with the one at `start`, in the order of the request: they make people and refer to
 * nothing, so that all are to be tried, whatever becomes of one.
 * @param outcomes those that are done, by their place
 */
export function endOfTogether(
  operations: readonly ReadOperation[],
  outcomes: readonly (object | undefined)[],
  start: number,
): number {
  let end = start;
  while (end < start + MOST_TOGETHER && outcomes[end] === undefined && makesSomebody(operations[end])) end += 1;
  return Math.max(end, start + 1);
}

function makesSomebody(read: ReadOperation | undefined): boolean {
  if (read === undefined || read.operation instanceof ScimError) return false;
  const { operation } = read;
  return operation.method === 'POST' && operation.endpoint === userType.endpoint && referencesOf(operation).size === 0;
}

/** What Coder takes for a person, a few at a time. */
const PERSON_MS = 20;

/**
 * What the answer waits for: everything; or, when that is more than Coder can take within the deadline, everything but those who come. Nobody
 * is left in because of them, and they are in the queue.
 */
export function awaited(
  { touched, newcomers }: { readonly touched: ReadonlySet<WorkKey>; readonly newcomers: ReadonlySet<WorkKey> },
  deadlineMs: number,
): WorkKey[] {
  const all = touched.size * PERSON_MS <= deadlineMs;
  return [...touched].filter(key => all || !newcomers.has(key));
}
