/** The listener on 127.0.0.1. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { renderAnswer } from './answer';
import { splitTarget, type Exchange, type Request } from './exchange';

export class DoubleServer {
  private server: Server | undefined;
  private port = 0;

  constructor(private readonly exchange: Exchange) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** @throws when the port is taken */
  async listen(port: number): Promise<void> {
    const server = createServer((request, response) => {
      this.handle(request, response).catch(() => request.socket.destroy());
    });
    server.keepAliveTimeout = 60_000;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Stops listening and cuts every connection. */
  async close(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = undefined;
    await new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** Listens again on the port that it had. */
  async reopen(): Promise<void> {
    if (!this.server) await this.listen(this.port);
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.exchange.handle(await readRequest(incoming));
    if (!answer) {
      incoming.socket.destroy();
      return;
    }
    const { status, headers, body } = renderAnswer(answer);
    response.writeHead(status, headers);
    response.end(body);
  }
}

async function readRequest(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? 'GET',
    ...splitTarget(incoming.url ?? '/'),
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    ip: incoming.socket.remoteAddress ?? '',
  };
}
