/** Answers, in SCIM's form, connections whose bytes never became a request: for the `clientError` event of an HTTP server. */
import { type Server } from 'node:http';
import { type Socket } from 'node:net';
import { ScimError } from '../../scim-language/errors';
import { SCIM_MEDIA_TYPE } from './respond';

/** 431 for headers that are too large, 408 for a request that was too slow, else 400. */
export function answerClientError(this: Server, error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, reason, detail } = explain(error.code, this.requestTimeout);
  const body = JSON.stringify(new ScimError(status, undefined, detail).toBody());
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${SCIM_MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function explain(code: string | undefined, requestTimeout: number): { status: number; reason: string; detail: string } {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        status: 431,
        reason: 'Request Header Fields Too Large',
        detail:
          'request line and headers: got more bytes than the bridge reads, wanted fewer; send a long filter as POST to .search',
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        reason: 'Request Timeout',
        detail: `request: got only a part of it, wanted all of it within ${requestTimeout / 1_000} s`,
      };
    default:
      return { status: 400, reason: 'Bad Request', detail: 'request: got bytes that are no HTTP/1.1 request' };
  }
}
