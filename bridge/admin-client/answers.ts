/** What goes with a request to the admin API, and what its answer is read as. */
import { type Precondition, RefusalBody } from '../contract/admin-api';
import type * as z from 'zod';
import { formatPath } from '../contract/mapping-state';
import { AdminError } from './admin-error';

/** The generation that the writer believes is there. */
export function preconditionHeader(precondition: Precondition): Record<string, string> {
  if (precondition === 'any') return {};
  return precondition === 'absent' ? { 'if-none-match': '*' } : { 'if-match': `"${precondition.generation}"` };
}

/** The JSON of an answer; undefined where there is none. */
export async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The error that a refusal means. */
export function refusal({ status, headers }: Response, body: unknown, url: string): AdminError {
  const parsed = RefusalBody.safeParse(body);
  if (parsed.success) {
    const { code, message, issues, generation } = parsed.data.error;
    const again = /^\d{1,4}$/.exec(headers.get('retry-after') ?? '')?.[0];
    const againInSeconds = again === undefined ? undefined : Number(again);
    return new AdminError(code, message, status, issues, generation, { againInSeconds });
  }
  return new AdminError(
    'unexpected_answer',
    `${url} answered ${status} without an error of the admin API: is this a coder-scim bridge?`,
    status,
  );
}

/** What to say of an answer that is no refusal, and not what was asked for: a page of something else, or of another version. */
export function notUnderstood(url: string, body: unknown, { issues }: z.ZodError): string {
  if (typeof body !== 'object' || body === null) {
    return `${url} answers, and not as a bridge does: wanted its base URL, such as https://scim.example.com, and nothing between that signs people in`;
  }
  const fields = issues
    .slice(0, 3)
    .map(({ path }) => formatPath(path.map(part => (typeof part === 'number' ? part : String(part)))));
  return `bridge at ${url} is of another version: its answer has ${fields.join(', ') || 'a field'} otherwise than this version reads it; use the same version of coder-scim on both sides`;
}
