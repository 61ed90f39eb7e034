/** A small HTTP server whose answers a test writes by hand: for what goes wrong on the way to Coder. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, type Socket } from 'node:net';

export interface ScriptedServer {
  readonly url: string;
  /** Method, path with query, and token of each request, in order of arrival. */
  readonly requests: { method: string; path: string; token: string; body: string }[];
  /** Connections that were opened. */
  readonly connections: () => number;
  close(): Promise<void>;
}

export type Script = (request: IncomingMessage, response: ServerResponse, number: number) => void;

export function answerJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

export async function startScriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: ScriptedServer['requests'] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      const token = String(request.headers['coder-session-token'] ?? '');
      requests.push({ method: request.method ?? '', path: request.url ?? '', token, body });
      script(request, response, requests.length);
    });
  });
  server.on('connection', socket => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    connections: () => connections,
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
