/** Speaks to a double as a client does. */
import { type CoderDouble } from '../support/coder-double';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export async function talk(
  double: Pick<CoderDouble, 'url' | 'token'>,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply> {
  const answer = await fetch(double.url + path, {
    method,
    headers: { 'coder-session-token': double.token },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.text();
  const isJson = (answer.headers.get('content-type') ?? '').includes('json');
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}
