/** Stands between a bridge and its Postgres, and has the server vanish without a word: nothing is forwarded any more, and nothing is closed. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface SilentProxy {
  /** The server's URL, by way of this. */
  readonly url: string;
  /** Whoever is connected hears nothing from here on. Who connects anew is let through. */
  vanish(): void;
  close(): Promise<void>;
}

export async function startSilentProxy(serverUrl: string): Promise<SilentProxy> {
  // That of a socket names no host.
  const server = new URL(serverUrl.replace('@/', '@localhost/'));
  const socketFolder = server.searchParams.get('host');
  const port = server.port === '' ? 5432 : Number(server.port);
  const reach = () =>
    socketFolder === null ? connect(port, server.hostname) : connect(`${socketFolder}/.s.PGSQL.${port}`);
  const open = new Set<Socket>();
  const proxy = createServer(client => {
    const upstream = reach();
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on('error', () => undefined).once('close', () => open.delete(from));
      from.pipe(to);
    }
  });
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
  const { port: own } = proxy.address() as AddressInfo;
  server.searchParams.delete('host');
  server.host = `127.0.0.1:${own}`;
  return {
    url: String(server),
    vanish: () => {
      for (const socket of open) socket.unpipe().pause();
    },
    close: async () => {
      const closed = new Promise(resolve => proxy.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
