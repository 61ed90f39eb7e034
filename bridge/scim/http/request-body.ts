/** Reads the JSON body of a SCIM request: media type, character set and size are checked before anything is parsed. */
import { type IncomingMessage } from 'node:http';
import { ScimError, invalidSyntax, payloadTooLarge, shown } from '../../scim-language/errors';
import { type Json, type JsonObject, isJsonObject, parsingJson } from '../../scim-language/json';
import { inTurns } from '../../store/database/turns';

const MEDIA_TYPES = ['application/scim+json', 'application/json'];
const CHARSETS = ['utf-8', 'utf8', 'us-ascii'];

/** The body of one request, read once. */
export interface RequestBody {
  /**
   * @throws ScimError 415 for another media type, character set or encoding; 413 over the limit; 400 when it is no JSON object
   */
  read(): Promise<JsonObject>;
  /** What came, as data, or as text where it is no JSON; undefined when there is nothing to look at, or nothing that could be read. For requests that were refused. */
  received(): Promise<Json | string | undefined>;
}

export function createBody(request: IncomingMessage, maxBytes: number): RequestBody {
  let reading: Promise<Buffer> | undefined;
  const bytes = () => (reading ??= collect(request, maxBytes));
  return {
    async read() {
      checkContentType(request.headers['content-type']);
      checkText(request);
      checkLength(request, maxBytes);
      const body = await inTurns(parsingJson(await bytes(), { maxBytes }));
      if (!isJsonObject(body)) throw invalidSyntax('request body', shown(body), 'a JSON object');
      return body;
    },
    async received() {
      let text: Buffer;
      try {
        checkText(request);
        checkLength(request, maxBytes);
        text = await bytes();
      } catch {
        return undefined;
      }
      try {
        return await inTurns(parsingJson(text, { maxBytes }));
      } catch {
        return text.toString('utf8');
      }
    },
  };
}

function checkLength(request: IncomingMessage, maxBytes: number): void {
  const stated = Number(request.headers['content-length'] ?? 0);
  if (stated > maxBytes) throw payloadTooLarge('bytes of the request body', stated, maxBytes);
}

function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      // The rest is read and dropped, so that the client gets to see the answer.
      request.off('data', take);
      request.resume();
      reject(payloadTooLarge('bytes of the request body', `more than ${maxBytes}`, maxBytes));
    };
    const gone = () => reject(new Error('the client is gone, and its body did not come'));
    // Of what was destroyed nobody is told any more.
    if (request.destroyed && !request.readableEnded) gone();
    request.on('data', take);
    request.once('error', reject);
    request.once('close', gone);
    request.once('end', () => {
      if (size === 0) reject(invalidSyntax('request body', 'nothing', 'a JSON object'));
      else resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size));
    });
  });
}

/** What is dropped before an answer: twice the default bound of a body. Of more, the answer does not wait for the end. */
const MOST_DROPPED_BYTES = 16 * 1024 * 1024;

/**
 * Reads and drops what of the body is still to come. Proxies cut the connection of a client that is still sending when the answer is
 * there (Caddy and Traefik after 256 KiB), so that it sees a reset in place of the refusal.
 */
export function dropRest(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve();
  return new Promise(resolve => {
    let dropped = 0;
    const count = (chunk: Buffer): void => {
      dropped += chunk.length;
      if (dropped > MOST_DROPPED_BYTES) done();
    };
    const done = (): void => {
      request.off('data', count).off('end', done).off('close', done);
      request.resume();
      resolve();
    };
    request.on('data', count).once('end', done).once('close', done);
  });
}

function checkContentType(header: string | undefined): void {
  if (header === undefined) return;
  const [type = ''] = header.split(';').map(part => part.trim());
  if (!MEDIA_TYPES.includes(type.toLowerCase())) {
    throw new ScimError(415, undefined, `content type ${shown(type)}: wanted ${MEDIA_TYPES.join(' or ')}`, {
      accept: MEDIA_TYPES.join(', '),
    });
  }
}

/** Whether the bytes are text as they are. */
function checkText({ headers }: IncomingMessage): void {
  const charset = (headers['content-type'] ?? '')
    .split(';')
    .map(parameter => /^charset="?([^"]*)"?$/i.exec(parameter.trim())?.[1])
    .find(value => value !== undefined);
  if (charset !== undefined && !CHARSETS.includes(charset.toLowerCase())) {
    throw new ScimError(415, undefined, `character set ${shown(charset)}: wanted utf-8`);
  }
  checkEncoding(headers['content-encoding']);
}

function checkEncoding(header: string | undefined): void {
  if (header === undefined || header.toLowerCase() === 'identity') return;
  throw new ScimError(
    415,
    undefined,
    `content encoding ${shown(header)}: wanted identity; send the body uncompressed`,
    {
      'accept-encoding': 'identity',
    },
  );
}
