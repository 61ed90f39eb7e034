/**
 * The bridge's Coder token: from a file that is re-read when it changes, or a fixed text. A renewed token goes back to the
 * file where that can be written, and sealed into a store, where other replicas find it. The sealing key comes from the configured token, so the
 * store alone opens nothing, and a newly configured token always wins over an old renewed one.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { type BigIntStats } from 'node:fs';
import { chmod, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What the transport needs of a credential. */
export interface Credential {
  /** The token to use now. @throws CredentialError when there is none */
  token(): Promise<string>;
  /** Coder refused this token: looks for another one. @returns whether there is one */
  refresh(refused: string): Promise<boolean>;
}

/** A credential that can take over a renewed token. */
export interface RenewableCredential extends Credential {
  /** How often another token took the place of the one in use: after each, the account may be another one. Looks for a new one like `token`. */
  changes(): Promise<number>;
  /** Makes the token the one in use, after it is safely written. @returns where it was written */
  replace(token: string): Promise<'file' | 'store'>;
  /** Where a renewed token would be kept; undefined when nowhere, so that renewing would lose it at a restart. */
  readonly keeps: 'file' | 'store' | undefined;
}

/** Keeps one sealed text durably, shared by all replicas. */
export interface CredentialStore {
  read(): Promise<string | undefined>;
  write(sealed: string): Promise<void>;
}

/** The token can't be had; the message says what to do and never holds the token. */
export class CredentialError extends Error {
  override readonly name = 'CredentialError';
}

const RECHECK_MS = 1_000;
const SEAL = 'coder-scim credential v1';

function sealingKey(configured: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', configured, salt, SEAL, 32));
}

/** Seals a renewed token under the configured one (AES-256-GCM). */
export function sealToken(token: string, configured: string): string {
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(configured, salt), nonce);
  const sealed = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
  return ['v1', salt, nonce, cipher.getAuthTag(), sealed]
    .map(part => (typeof part === 'string' ? part : part.toString('base64url')))
    .join('.');
}

/** The renewed token; undefined when it was sealed under another configured token, or is damaged. */
export function unsealToken(sealed: string, configured: string): string | undefined {
  const [version, salt, nonce, tag, text] = sealed.split('.');
  if (version !== 'v1' || salt === undefined || nonce === undefined || tag === undefined || text === undefined)
    return undefined;
  try {
    const key = sealingKey(configured, Buffer.from(salt, 'base64url'));
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64url'), { authTagLength: 16 });
    decipher.setAuthTag(Buffer.from(tag, 'base64url'));
    return decipher.update(Buffer.from(text, 'base64url'), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return undefined;
  }
}

/** Replaces a file's content so that a reader sees the old or the new one, never a part; keeps mode and symlinks. */
export async function writeFileAtomically(path: string, content: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    stats => stats.mode & 0o777,
    () => 0o600,
  );
  const temporary = join(dirname(target), `.${randomUUID()}.tmp`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content, 'utf8');
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(temporary, mode);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function sameFile(a: BigIntStats | undefined, b: BigIntStats): boolean {
  return a !== undefined && a.mtimeNs === b.mtimeNs && a.size === b.size && a.ino === b.ino;
}

class ConfiguredCredential implements RenewableCredential {
  private configured: string | undefined;
  private current: string | undefined;
  private replaced = 0;
  private stats: BigIntStats | undefined;
  private checkedAt = -Infinity;
  private loading: { readonly isForced: boolean; readonly done: Promise<void> } | undefined;

  constructor(
    private readonly source: { readonly token: string } | { readonly file: string },
    private readonly store: CredentialStore | undefined,
    private readonly now: () => number,
  ) {}

  get keeps(): 'file' | 'store' | undefined {
    if ('file' in this.source) return 'file';
    return this.store === undefined ? undefined : 'store';
  }

  async token(): Promise<string> {
    if (this.current === undefined || this.now() - this.checkedAt >= RECHECK_MS) await this.load(false);
    if (this.current === undefined) throw new CredentialError('no Coder token is loaded: configure one');
    return this.current;
  }

  async changes(): Promise<number> {
    // That there is none is for the call to say that needs it.
    await this.token().catch(() => undefined);
    return this.replaced;
  }

  async refresh(refused: string): Promise<boolean> {
    // Another call, or another replica, may have found the new one already.
    if (this.current !== undefined && this.current !== refused) return true;
    await this.load(true);
    return this.current !== refused;
  }

  async replace(token: string): Promise<'file' | 'store'> {
    if (this.configured === undefined) await this.token();
    const configured = this.configured ?? '';
    // The store first, sealed under the token that other replicas still have in their files.
    await this.store?.write(sealToken(token, configured));
    if ('file' in this.source) {
      try {
        await writeFileAtomically(this.source.file, `${token}\n`);
        this.configured = token;
        this.use(token);
        this.stats = await stat(this.source.file, { bigint: true });
        return 'file';
      } catch (error) {
        if (this.store === undefined) {
          throw new CredentialError(
            `the renewed Coder token can not be written to ${this.source.file} (${(error as NodeJS.ErrnoException).code ?? 'unknown'}): make the file and its folder writable for the bridge`,
          );
        }
      }
    }
    if (this.store === undefined) {
      throw new CredentialError(
        'the renewed Coder token has nowhere to go: configure the token as a file, or give the bridge a database',
      );
    }
    this.use(token);
    return 'store';
  }

  private use(token: string): void {
    if (token !== this.current) this.replaced += 1;
    this.current = token;
  }

  /** Reads file and store again; one reading at a time. */
  private load(force: boolean): Promise<void> {
    const before = this.loading;
    if (before !== undefined && (before.isForced || !force)) return before.done;
    // One that is not forced may end without a look into the store.
    const reading = before === undefined ? this.read(force) : before.done.then(() => this.read(force));
    const loading = {
      isForced: force,
      done: reading.finally(() => {
        if (this.loading === loading) this.loading = undefined;
      }),
    };
    this.loading = loading;
    return loading.done;
  }

  private async read(force: boolean): Promise<void> {
    this.checkedAt = this.now();
    const changed = await this.readConfigured(force);
    if (!changed && !force && this.current !== undefined) return;
    const configured = this.configured;
    if (configured === undefined) return;
    const sealed = await this.store?.read();
    this.use((sealed === undefined ? undefined : unsealToken(sealed, configured)) ?? configured);
  }

  private async readConfigured(force: boolean): Promise<boolean> {
    if ('token' in this.source) {
      if (this.configured !== undefined) return false;
      this.configured = validToken(this.source.token, 'the configured Coder token');
      return true;
    }
    const { file } = this.source;
    try {
      const stats = await stat(file, { bigint: true });
      if (!force && sameFile(this.stats, stats)) return false;
      const text = validToken(await readFile(file, 'utf8'), file);
      this.stats = stats;
      const changed = text !== this.configured;
      this.configured = text;
      return changed;
    } catch (error) {
      // While it is being replaced the file may be missing or empty for a moment: what is loaded stays good.
      if (this.configured !== undefined) return false;
      if (error instanceof CredentialError) throw error;
      throw new CredentialError(
        `the Coder token file ${file} can not be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'}): check its path and that the bridge may read it`,
      );
    }
  }
}

function validToken(text: string, where: string): string {
  const token = text.trim();
  if (token === '') throw new CredentialError(`${where} is empty: wanted a Coder token`);
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new CredentialError(
      `${where} holds spaces, line breaks or other characters that no Coder token has: wanted one token`,
    );
  }
  return token;
}

/**
 * @param source the token itself, or the file that holds it and nothing else
 * @param options.store where a renewed token goes when there is no writable file
 */
export function createCredential(
  source: { readonly token: string } | { readonly file: string },
  options: { readonly store?: CredentialStore | undefined; readonly now?: (() => number) | undefined } = {},
): RenewableCredential {
  return new ConfiguredCredential(source, options.store, options.now ?? Date.now);
}
