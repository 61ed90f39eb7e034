/** Remembers what keeps the SQLite file from being written, so that whoever asks need not wait for it. */

const SAYS: readonly (readonly [code: RegExp, text: string])[] = [
  [
    /^SQLITE_(BUSY|LOCKED)/,
    'another process holds the file locked: look for an open sqlite3 shell or a copy under way',
  ],
  [/^SQLITE_FULL/, 'the disk is full: make room'],
  [/^SQLITE_(CORRUPT|NOTADB)/, 'the file is damaged: stop the bridge and restore the backup'],
  [/^(?:SQLITE_(?:READONLY|CANTOPEN|PERM)|EROFS$)/, 'the file may not be written: look at its owner and mode'],
  [/^SQLITE_IOERR_LOG$/, 'its write-ahead log can not be brought to the disk: look at the folder of the file'],
  [/^(?:SQLITE_IOERR|EIO$)/, 'the disk fails: look at the log of the machine'],
  [/^(?:ENOSPC|EDQUOT)$/, 'the disk is full: make room'],
  [/^EFBIG$/, 'the file would be larger than may be written: raise the limit (ulimit -f)'],
  [/^(?:EMFILE|ENFILE)$/, 'too many files are open: raise the limit (ulimit -n)'],
];

/** What keeps the disk from being written, in a sentence, when an error is about that. */
export function troubleOf(error: unknown): string | undefined {
  const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown };
  return typeof code === 'string' ? sentenceOf(code) : undefined;
}

function sentenceOf(code: string): string | undefined {
  const text = SAYS.find(([known]) => known.test(code))?.[1];
  return text === undefined ? undefined : `${text} (${code})`;
}

export class Trouble {
  #code: string | undefined;

  failed(error: unknown): void {
    const { code } = (typeof error === 'object' && error !== null ? error : {}) as { code?: unknown };
    if (typeof code !== 'string' || this.#damaged) return;
    if (SAYS.some(([known]) => known.test(code))) this.#code = code;
  }

  /** Something could be written: what kept it from that is over. Damage stays. */
  written(): void {
    if (!this.#damaged) this.#code = undefined;
  }

  /** What is wrong, in a sentence; undefined when nothing is. */
  say(): string | undefined {
    return this.#code === undefined ? undefined : sentenceOf(this.#code);
  }

  get #damaged(): boolean {
    return this.#code !== undefined && /^SQLITE_(CORRUPT|NOTADB)/.test(this.#code);
  }
}
