/** The listener: fault, rate limit, token, licence, handler, answer. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer } from './answer';
import { type CallLog } from '../weather/call-log';
import { type Faults } from '../weather/faults';

export interface Request {
  readonly method: string;
  /** Whole path, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly ip: string;
}

export interface Served {
  readonly answer: Answer;
  /** Username of the caller, or null. */
  readonly user: string | null;
}

export interface ServerParts {
  readonly faults: Faults;
  readonly calls: CallLog;
  /** Answers of Coder. */
  serve(request: Request): Promise<Served>;
  /** Answers below `/__double/`, which faults and the log leave alone. */
  control(request: Request): Promise<Answer>;
}

const CONTROL = '/__double/';

export class DoubleServer {
  private server: Server | undefined;
  private port = 0;

  constructor(private readonly parts: ServerParts) {}

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

  /** Stops listening and cuts every connection; true to `listen` again on the same port later. */
  async close(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = undefined;
    await new Promise<void>(resolve => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async setUnreachable(unreachable: boolean): Promise<void> {
    if (unreachable) await this.close();
    else if (!this.server) await this.listen(this.port);
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const arrived = performance.now();
    const at = Date.now();
    const request = await readRequest(incoming);
    if (request.path.startsWith(CONTROL)) {
      send(response, await this.parts.control(request));
      return;
    }
    const log = (user: string | null, status: number) =>
      this.parts.calls.add({
        method: request.method,
        path: request.path,
        query: request.query.toString(),
        user,
        status,
        ms: performance.now() - arrived,
        at,
      });
    const { delay, fault } = this.parts.faults.decide(request.method, request.path);
    if (delay > 0) await sleep(delay);
    const drop = () => {
      log(null, 0);
      incoming.socket.destroy();
    };
    if (fault?.kind === 'drop' && !fault.afterDoing) return drop();
    let served: Served;
    if (fault?.kind === 'fail') {
      served = {
        user: null,
        answer: { status: fault.status, body: { message: fault.message ?? 'An internal server error occurred.' } },
      };
    } else if (fault?.kind === 'rate-limit') {
      served = { user: null, answer: rateLimited(fault.retryAfterSeconds) };
    } else {
      served = await this.parts.serve(request);
      if (fault?.kind === 'drop') return drop();
      if (fault?.kind === 'fail-after-doing') {
        served = {
          user: served.user,
          answer: { status: fault.status ?? 500, body: { message: 'An internal server error occurred.' } },
        };
      }
    }
    log(served.user, served.answer.status);
    send(response, served.answer);
  }
}

function rateLimited(retryAfterSeconds: number): Answer {
  return {
    status: 429,
    body: { message: "You've been rate limited for sending more than 512 requests in 1m0s." },
    headers: { 'retry-after': String(retryAfterSeconds), 'x-ratelimit-limit': '512', 'x-ratelimit-remaining': '0' },
  };
}

async function readRequest(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const target = incoming.url ?? '/';
  const mark = target.indexOf('?');
  return {
    method: incoming.method ?? 'GET',
    path: mark === -1 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
    headers: incoming.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    ip: incoming.socket.remoteAddress ?? '',
  };
}

function send(response: ServerResponse, answer: Answer): void {
  const text = answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
  const type = answer.contentType ?? 'application/json; charset=utf-8';
  response.writeHead(answer.status, {
    ...(text !== '' && { 'content-type': type }),
    ...(answer.status !== 204 && { 'content-length': Buffer.byteLength(text) }),
    ...answer.headers,
  });
  response.end(text);
}
