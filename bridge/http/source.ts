/** Which address a request comes from, behind as many proxies as are trusted. */
import { type IncomingMessage } from 'node:http';

/**
 * The address of the other side, or the one that X-Forwarded-For tells of it: each trusted proxy has appended who connected to it.
 * @param trustedProxies how many entries of the header are believed, from its end
 */
export function sourceOf(request: IncomingMessage, trustedProxies: number): string {
  const near = request.socket.remoteAddress ?? 'unknown';
  const header = trustedProxies === 0 ? undefined : request.headers['x-forwarded-for'];
  if (header === undefined) return plainAddress(near);
  const told = String(header)
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .reverse();
  return plainAddress([near, ...told][Math.min(trustedProxies, told.length)] ?? near);
}

/** The address as its family writes it: one of IPv4 that came to a socket of IPv6 begins with `::ffff:` (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '');
}
