/** A request whose body comes in two pieces. */
import { request } from 'node:http';

export interface SlowRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** POSTs it; what happens in the middle of its body is done before the rest is sent. @returns status */
export async function sendSlowly(slow: SlowRequest, meanwhile: () => Promise<unknown>): Promise<number> {
  const { url, headers, body } = slow;
  const outgoing = request(url, {
    agent: false,
    method: 'POST',
    // Answered when the server has begun with the request.
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), expect: '100-continue' },
  });
  const status = new Promise<number>((resolve, reject) => {
    outgoing.once('response', response => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    outgoing.on('error', reject);
  });
  // Where the test ends before it is asked for.
  status.catch(() => undefined);
  outgoing.flushHeaders();
  await new Promise(resolve => outgoing.once('continue', resolve));
  outgoing.write(body.slice(0, 10));
  await meanwhile();
  outgoing.end(body.slice(10));
  return await status;
}
