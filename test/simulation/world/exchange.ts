/** One HTTP request to a bridge in this process, through its real server-side request and response. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { type Machine } from '../process/machine';
import { scheduler } from '../time/scheduler';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** The connection broke, or nobody listens: whether the request was served is not known. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly token: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const NETWORK_MS = 1;

class ServerSocket extends Duplex {
  readonly remoteAddress = '192.0.2.10';
  readonly encrypted = false;
  readonly received: Buffer[] = [];

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.received.push(chunk);
    done();
  }

  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

/** @throws NoAnswer */
export function exchange(machine: Machine, sent: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const lost = () => void scheduler().outside(NETWORK_MS, () => reject(new NoAnswer(machine.name)));
    if (!machine.alive) {
      lost();
      return;
    }
    const forget = machine.atEnd(lost);
    const begin = () => {
      const { listener } = machine;
      if (listener === undefined) {
        forget();
        lost();
        return;
      }
      const socket = new ServerSocket();
      const request = new IncomingMessage(socket as unknown as Socket);
      const text = sent.body === undefined ? undefined : Buffer.from(JSON.stringify(sent.body));
      Object.assign(request, {
        method: sent.method,
        url: sent.path,
        // Without chunks, so that the body is what follows the head.
        httpVersion: '1.0',
        httpVersionMajor: 1,
        httpVersionMinor: 0,
        headers: {
          host: 'bridge.invalid',
          authorization: `Bearer ${sent.token}`,
          ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(text.length) }),
          ...sent.headers,
        },
      });
      if (text !== undefined) request.push(text);
      request.push(null);
      request.complete = true;
      const response = new ServerResponse(request);
      response.assignSocket(socket as unknown as Socket);
      response.on('finish', () => {
        response.detachSocket(socket as unknown as Socket);
        response.emit('close');
        if (!machine.alive) return;
        forget();
        const answer = parse(response, Buffer.concat(socket.received));
        scheduler().outside(NETWORK_MS, () => resolve(answer));
      });
      listener(request, response);
    };
    scheduler().after(NETWORK_MS, begin, machine);
  });
}

function parse(response: ServerResponse, bytes: Buffer): Answer {
  const text = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4).toString('utf8');
  const headers = Object.fromEntries(
    Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]),
  );
  return { status: response.statusCode, headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
}
