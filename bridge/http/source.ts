/** Which address a request comes from, behind as many proxies as are trusted. */
import { type IncomingMessage } from 'node:http';

/**
 * The address of the other side, or the one that X-Forwarded-For tells of it: each trusted proxy has appended who connected to it.
 * @param trustedProxies how many entries of the header are believed, from its end
 */
export function sourceOf(request: IncomingMessage, trustedProxies: number): string {
  const near = request.socket.remoteAddress ?? 'unknown';
  const header = trustedProxies === 0 ? undefined : request.headers['x-forwarded-for'];
  if (header === undefined) return near;
  const told = String(header)
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .reverse();
  return [near, ...told][Math.min(trustedProxies, told.length)] ?? near;
}
