/** The HTTP server: bounded waits for slow clients, a clear word when the port is taken, an end that finishes what runs. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';
import { ListenError } from './listen-error';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** IPv6, and IPv4 with it; where the machine has no IPv6, IPv4. */
export const EVERY_INTERFACE = '::';

/** Answers a connection whose bytes never became a request. */
export type AnswerClientError = (this: Server, error: Error & { code?: string }, socket: Socket) => void;

export interface Listening {
  /** Where it listens, with the port that was taken: `http://127.0.0.1:8399`. */
  readonly url: string;
  /** From now on requests go here; before, they wait. */
  serve(listener: RequestListener): void;
  /** Takes no new connection, lets running requests finish until the deadline, then cuts them off. */
  close(deadlineMs: number): Promise<void>;
}

/** @throws ListenError */
export async function listen(address: ListenAddress, answerClientError: AnswerClientError): Promise<Listening> {
  const server = createServer({
    // A client that sends nothing holds a connection, not a request: both are cut off.
    headersTimeout: 15_000,
    requestTimeout: 60_000,
    // Longer than the idle time of common proxies, or they meet a connection that is just being closed.
    keepAliveTimeout: 75_000,
    connectionsCheckingInterval: 5_000,
    maxHeaderSize: 32_768,
  });
  server.on('clientError', answerClientError);
  await listenAt(server, address).catch((cause: NodeJS.ErrnoException) => {
    const hasNoIpv6 = cause.code === 'EAFNOSUPPORT' || cause.code === 'EADDRNOTAVAIL';
    if (address.host !== EVERY_INTERFACE || !hasNoIpv6) throw explain(cause, address);
    const ipv4 = { host: '0.0.0.0', port: address.port };
    return listenAt(server, ipv4).catch((error: Error) => {
      throw explain(error, ipv4);
    });
  });
  return {
    url: urlOf(server.address() as AddressInfo),
    serve: listener => void server.on('request', listener),
    close: deadlineMs => close(server, deadlineMs),
  };
}

function listenAt(server: Server, { host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
}

async function close(server: Server, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  const late = setTimeout(() => server.closeAllConnections(), deadlineMs);
  server.closeIdleConnections();
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}

function urlOf({ address, family, port }: AddressInfo): string {
  const host = family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

function explain(cause: Error, { host, port }: ListenAddress): ListenError {
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new ListenError(
      `port ${port} is in use on ${host}: stop what listens there (another coder-scim serve?), or set CODER_SCIM_LISTEN to a free address`,
      { cause },
    );
  }
  if (code === 'EACCES') {
    return new ListenError(`may not listen on ${where}: set CODER_SCIM_LISTEN to a port above 1023`, { cause });
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new ListenError(
      `${host} is no address of this machine: set CODER_SCIM_LISTEN to one, such as 127.0.0.1:8399`,
      {
        cause,
      },
    );
  }
  return new ListenError(`can not listen on ${where}: ${cause.message}`, { cause });
}
