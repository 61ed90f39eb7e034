/** Whether anybody waits for an answer still. */
import { type ServerResponse } from 'node:http';

/** Aborted when whoever asked has gone, or has their answer. */
export function whenGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  if (response.closed) gone.abort();
  response.once('close', () => gone.abort());
  return gone.signal;
}
