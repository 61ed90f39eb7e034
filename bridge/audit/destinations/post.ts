/** Sends a body to an endpoint over HTTP: anything but 2xx is a failure, and some of them say that the same body will never be taken. */
import { Agent } from 'undici';
import { DELIVERY_MS } from './destination';
import { originOf } from './place';

/** The endpoint answered, and not with 2xx. */
export class NotTaken extends Error {
  constructor(
    url: string,
    readonly status: number,
  ) {
    super(`${originOf(url)} answered ${status}`);
  }

  /** Too large, or not as the endpoint wants it: the same again would be answered alike. All else is about who asks, or passes. */
  get isAboutBody(): boolean {
    return [400, 413, 422].includes(this.status);
  }

  /** It wants no more for the moment. */
  get isBusy(): boolean {
    return [429, 503].includes(this.status);
  }
}

let kept: Agent | undefined;

/** Made when something is sent: most bridges send nothing. */
function connections(): Agent {
  return (kept ??= new Agent());
}

/** @throws NotTaken. @throws what undici has where nobody answers */
export async function post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<void> {
  const { origin, pathname, search } = new URL(url);
  const answer = await connections().request({
    origin,
    path: `${pathname}${search}`,
    method: 'POST',
    headers: { 'user-agent': 'coder-scim', ...headers },
    body,
    signal: AbortSignal.timeout(DELIVERY_MS),
  });
  // What it says may repeat what it was sent: it is not logged.
  await answer.body.dump();
  if (answer.statusCode < 200 || answer.statusCode > 299) throw new NotTaken(url, answer.statusCode);
}
