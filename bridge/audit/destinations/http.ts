/** Lines to an HTTP endpoint: anything but 2xx means that they come again, in smaller bodies where the body was what is not taken. */
import { type Log } from '../../http/log';
import { withTextsCut } from './cut';
import { type Destination, type Format } from './destination';
import { nameOf } from './place';
import { NotTaken, post } from './post';

/** Of one body: half of what nginx, and many a collector behind it, takes unless told otherwise. */
const MOST_BYTES = 512 * 1024;
/** How much larger the next body may be, after one that was taken: where a bound is, is learned once in a while. */
const GROWS_BY = 16 * 1024;

export interface HttpOptions {
  /** The whole value of the header, such as `Bearer …` or `Splunk …`. */
  readonly authorization: string | undefined;
  readonly format: Format;
  readonly log: Pick<Log, 'warn'>;
}

/** JSON lines, as many in one body as the endpoint takes. */
export function toHttp(url: string, { authorization, format, log }: HttpOptions): Destination {
  const name = nameOf({ kind: 'http', url });
  /** Bytes of one body that the endpoint takes, as far as is known. */
  let most = MOST_BYTES;

  const send = (body: string): Promise<void> =>
    post(
      url,
      { 'content-type': 'application/x-ndjson', ...(authorization === undefined ? {} : { authorization }) },
      body,
    );

  return {
    name,
    begins: 'oldest',
    async deliver(lines) {
      const texts = lines.map(line => `${format(line)}\n`);
      for (let count = fitting(texts, most); ; count = Math.ceil(count / 2)) {
        const body = texts.slice(0, count).join('');
        try {
          await send(body);
          most = Math.min(MOST_BYTES, most + GROWS_BY);
          return count;
        } catch (error) {
          if (!(error instanceof NotTaken && error.isAboutBody)) throw error;
          most = Buffer.byteLength(body) / 2;
          if (count > 1) continue;
          // One line that is taken by no means waits, and all after it: the trail is not sent with a gap in it.
          const [cut] = lines.slice(0, 1).flatMap(line => withTextsCut(line) ?? []);
          if (cut === undefined) throw error;
          await send(`${format(cut)}\n`);
          log.warn(
            { destination: name, seq: cut.seq, error },
            'an audit line was not taken as it is: it was sent with its long texts cut',
          );
          return count;
        }
      }
    },
  };
}

/** How many of the lines, from the first on, are no more than so many bytes; at least one. */
function fitting(texts: readonly string[], bytes: number): number {
  let size = 0;
  const over = texts.findIndex(text => (size += Buffer.byteLength(text)) > bytes);
  return over === -1 ? texts.length : Math.max(1, over);
}
