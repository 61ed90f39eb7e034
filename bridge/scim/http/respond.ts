/** Writes answers: SCIM's media type, no body where HTTP has none, long bodies as a stream with back-pressure. */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ScimError } from '../../scim-language/errors';
import { type JsonObject } from '../../scim-language/json';
import { dropRest } from './request-body';

export const SCIM_MEDIA_TYPE = 'application/scim+json';
const JSON_MEDIA_TYPE = 'application/json';

/** An answer to one request. A body that is not an object is JSON text in pieces. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: JsonObject | AsyncIterable<string>;
}

/** Sends an answer; resolves when it is handed to the connection. */
export async function send(request: IncomingMessage, response: ServerResponse, answer: Answer): Promise<void> {
  response.statusCode = answer.status;
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  const { body } = answer;
  if (body === undefined) {
    response.end();
    return;
  }
  response.setHeader('content-type', mediaTypeFor(request.headers.accept));
  if (!isStream(body)) {
    const text = Buffer.from(JSON.stringify(body), 'utf8');
    response.setHeader('content-length', text.length);
    response.end(text);
    return;
  }
  await sendPieces(request, response, body[Symbol.asyncIterator]());
}

// What fits into one piece is sent with its length, and what fails before that is answered as an error.
const PIECE = 65_536;

async function sendPieces(
  request: IncomingMessage,
  response: ServerResponse,
  pieces: AsyncIterator<string>,
): Promise<void> {
  let text = '';
  while (text.length < PIECE) {
    const next = await pieces.next();
    if (next.done) {
      const whole = Buffer.from(text, 'utf8');
      response.setHeader('content-length', whole.length);
      response.end(whole);
      return;
    }
    text += next.value;
  }
  if (request.method === 'HEAD') {
    await pieces.return?.();
    response.end();
    return;
  }
  await pipeline(Readable.from(gathered(text, pieces), { objectMode: false }), response);
}

/** The pieces in larger ones: a write to the connection costs more than joining text. */
async function* gathered(first: string, pieces: AsyncIterator<string>): AsyncGenerator<Buffer> {
  let text = first;
  try {
    for (;;) {
      if (text.length >= PIECE) {
        yield Buffer.from(text, 'utf8');
        text = '';
      }
      const next = await pieces.next();
      if (next.done) break;
      text += next.value;
    }
    if (text !== '') yield Buffer.from(text, 'utf8');
  } finally {
    await pieces.return?.();
  }
}

/** Sends an error as RFC 7644 §3.12 states it, when the request is all there. */
export async function sendError(request: IncomingMessage, response: ServerResponse, error: ScimError): Promise<void> {
  await dropRest(request);
  await send(request, response, { status: error.status, headers: error.headers, body: { ...error.toBody() } });
}

function isStream(body: JsonObject | AsyncIterable<string>): body is AsyncIterable<string> {
  return Symbol.asyncIterator in body;
}

// SCIM's own type unless the client prefers plain JSON (RFC 7644 §3.8, RFC 9110 §12.5.1), and for those who accept neither.
function mediaTypeFor(accept: string | undefined): string {
  if (accept === undefined) return SCIM_MEDIA_TYPE;
  const ranges = accept.split(',').map(readRange);
  return quality(ranges, JSON_MEDIA_TYPE) > quality(ranges, SCIM_MEDIA_TYPE) ? JSON_MEDIA_TYPE : SCIM_MEDIA_TYPE;
}

interface MediaRange {
  readonly type: string;
  /** 0 to 1. */
  readonly q: number;
}

function readRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase());
  const stated = parameters
    .map(parameter => /^q=([01](?:\.[0-9]{0,3})?)$/.exec(parameter)?.[1])
    .find(q => q !== undefined);
  return { type, q: stated === undefined ? 1 : Number(stated) };
}

/** How much a type is wanted: as its most specific range says, 0 where none is about it. */
function quality(ranges: readonly MediaRange[], type: string): number {
  const names = [type, `${type.slice(0, type.indexOf('/'))}/*`, '*/*'];
  return names.map(name => ranges.find(range => range.type === name)?.q).find(q => q !== undefined) ?? 0;
}
