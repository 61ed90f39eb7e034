/**
 * Bounds that only the HTTP server can hold, before a request is one: header size and time. Slow clients are cut off, and what
 * never became a request is answered in SCIM's form too.
 */
import { type Server, type ServerOptions } from 'node:http';
import { type Socket } from 'node:net';
import { ScimError } from './errors';
import { SCIM_MEDIA_TYPE } from './respond';

/** Options for `http.createServer`. */
export const SERVER_BOUNDS = {
  /** Bytes of request line and headers together; a filter that is longer goes into `.search`. */
  maxHeaderSize: 64 * 1024,
  headersTimeout: 15_000,
  /** Time for the whole request, body included. */
  requestTimeout: 60_000,
  /** Longer than the idle time of usual load balancers, so that they close first. */
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
} as const satisfies ServerOptions;

const MOST_HEADERS = 100;

/** Applies what is no constructor option: number of headers, and answers to what is no HTTP. */
export function boundServer(server: Server): void {
  server.maxHeadersCount = MOST_HEADERS;
  server.on('clientError', answerClientError);
}

/** Answers a connection whose bytes are no request: 431 for headers that are too large, 408 for slow ones, else 400. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, reason, detail } = explain(error.code);
  const body = JSON.stringify(new ScimError(status, undefined, detail).toBody());
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${SCIM_MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function explain(code: string | undefined): { status: number; reason: string; detail: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        reason: 'Request Header Fields Too Large',
        detail: `request line and headers: got more than ${SERVER_BOUNDS.maxHeaderSize} bytes, wanted at most that; send a long filter as POST to .search`,
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        reason: 'Request Timeout',
        detail: `request: got only part of it in time, wanted all of it within ${SERVER_BOUNDS.requestTimeout / 1_000} s`,
      };
    default:
      return { status: 400, reason: 'Bad Request', detail: 'request: got bytes that are no HTTP/1.1 request' };
  }
}
