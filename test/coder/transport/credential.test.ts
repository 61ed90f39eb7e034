import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CredentialStore,
  createCredential,
  sealToken,
  unsealToken,
  writeFileAtomically,
} from '../../../bridge/coder/transport/credential';

const OLD = 'aaaaaaaaaa-oldoldoldoldoldoldold0';
const NEW = 'bbbbbbbbbb-newnewnewnewnewnewnew0';

let folder: string;
let file: string;
let now: number;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coder-scim-credential-'));
  file = join(folder, 'token');
  now = 0;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function memoryStore(): CredentialStore & { sealed: string | undefined } {
  return {
    sealed: undefined,
    async read() {
      return this.sealed;
    },
    async write(sealed) {
      this.sealed = sealed;
    },
  };
}

describe('a token in a file', () => {
  test('is trimmed, and read again when the file changes', async () => {
    writeFileSync(file, `\n${OLD}\n`);
    const credential = createCredential({ file }, { now: () => now });
    expect(await credential.token()).toBe(OLD);
    writeFileSync(file, NEW);
    now += 1_000;
    expect(await credential.token()).toBe(NEW);
  });

  test('is read again when the file is exchanged for another one of the same size, as secret volumes do', async () => {
    writeFileSync(file, OLD);
    const credential = createCredential({ file }, { now: () => now });
    await credential.token();
    writeFileSync(`${file}.next`, NEW);
    renameSync(`${file}.next`, file);
    now += 1_000;
    expect(await credential.token()).toBe(NEW);
  });

  test('stays in use while the file is missing or empty for a moment', async () => {
    writeFileSync(file, OLD);
    const credential = createCredential({ file }, { now: () => now });
    await credential.token();
    writeFileSync(file, '');
    now += 1_000;
    expect(await credential.token()).toBe(OLD);
    rmSync(file);
    now += 1_000;
    expect(await credential.token()).toBe(OLD);
  });

  test.each([
    ['missing', undefined, /can not be read \(ENOENT\)/],
    ['empty', ' \n', /is empty: wanted a Coder token/],
    ['two lines', `${OLD}\n${NEW}\n`, /wanted one token/],
  ])('%s: says what is wrong, without the content', async (_name, content, says) => {
    if (content !== undefined) writeFileSync(file, content);
    const error: unknown = await createCredential({ file })
      .token()
      .catch((reason: unknown) => reason);
    expect(String(error)).toMatch(says);
    expect(String(error)).not.toContain('oldold');
  });

  test('a refused token is looked for again at once; the same one is no help', async () => {
    writeFileSync(file, OLD);
    const credential = createCredential({ file }, { now: () => now });
    await credential.token();
    expect(await credential.refresh(OLD)).toBe(false);
    writeFileSync(file, NEW);
    expect(await credential.refresh(OLD)).toBe(true);
    expect(await credential.token()).toBe(NEW);
    expect(await credential.refresh(OLD)).toBe(true);
  });

  test('a renewed one replaces the content, keeps the mode, leaves nothing behind', async () => {
    writeFileSync(file, OLD, { mode: 0o640 });
    chmodSync(file, 0o640);
    const credential = createCredential({ file });
    expect(credential.keeps).toBe('file');
    expect(await credential.replace(NEW)).toBe('file');
    expect(await credential.token()).toBe(NEW);
    expect(readFileSync(file, 'utf8')).toBe(`${NEW}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['token']);
  });

  test('a symbolic link stays one', async () => {
    writeFileSync(join(folder, 'real'), OLD);
    symlinkSync('real', file);
    await writeFileAtomically(file, NEW);
    expect(readFileSync(join(folder, 'real'), 'utf8')).toBe(NEW);
    expect(readdirSync(folder).sort()).toEqual(['real', 'token']);
  });

  test('that can not be written: the store keeps the renewed one, sealed, for every replica and after a restart', async () => {
    // A folder in the file's place refuses the write for every user, root included.
    writeFileSync(file, OLD);
    const store = memoryStore();
    const credential = createCredential({ file }, { store, now: () => now });
    const replica = createCredential({ file }, { store, now: () => now });
    expect([await credential.token(), await replica.token()]).toEqual([OLD, OLD]);
    rmSync(file);
    mkdirSync(file);
    expect(await credential.replace(NEW)).toBe('store');
    rmSync(file, { recursive: true });
    writeFileSync(file, OLD);

    expect(store.sealed).toMatch(/^v1\./);
    expect(store.sealed).not.toContain('newnew');
    expect(await credential.token()).toBe(NEW);
    expect(await replica.refresh(OLD)).toBe(true);
    expect(await replica.token()).toBe(NEW);
    expect(await createCredential({ file }, { store }).token()).toBe(NEW);
  });

  test('that another replica has renewed is found after a refusal, also while the file is just being looked at', async () => {
    writeFileSync(file, OLD);
    const store = memoryStore();
    const credential = createCredential({ file }, { store, now: () => now });
    expect(await credential.token()).toBe(OLD);
    store.sealed = sealToken(NEW, OLD);
    now += 1_000;
    const looking = credential.token();
    expect(await credential.refresh(OLD)).toBe(true);
    await looking;
    expect(await credential.token()).toBe(NEW);
  });

  test('that can not be written, with no store: an error that says so, and the old one stays', async () => {
    writeFileSync(file, OLD);
    const credential = createCredential({ file }, { now: () => now });
    await credential.token();
    rmSync(file);
    mkdirSync(file);
    await expect(credential.replace(NEW)).rejects.toThrow(
      /can not be written to .*: make the file and its folder writable/,
    );
    expect(await credential.token()).toBe(OLD);
  });

  test('a newly configured one wins over what was renewed before', async () => {
    const store = memoryStore();
    store.sealed = sealToken(NEW, OLD);
    writeFileSync(file, 'cccccccccc-operatoroperatoroper0');
    expect(await createCredential({ file }, { store }).token()).toBe('cccccccccc-operatoroperatoroper0');
  });
});

describe('a token by configuration', () => {
  test('is renewed into the store, and has nowhere to go without one', async () => {
    const store = memoryStore();
    const credential = createCredential({ token: OLD }, { store });
    expect(credential.keeps).toBe('store');
    expect(await credential.replace(NEW)).toBe('store');
    expect(await credential.token()).toBe(NEW);
    expect(await createCredential({ token: OLD }, { store }).token()).toBe(NEW);

    const alone = createCredential({ token: OLD });
    expect(alone.keeps).toBeUndefined();
    await expect(alone.replace(NEW)).rejects.toThrow('nowhere to go');
    expect(await alone.token()).toBe(OLD);
  });
});

describe('sealing', () => {
  test('opens under the same configured token only, and never when it was changed', () => {
    const sealed = sealToken(NEW, OLD);
    expect(unsealToken(sealed, OLD)).toBe(NEW);
    expect(unsealToken(sealed, 'another')).toBeUndefined();
    const parts = sealed.split('.');
    const last = parts.at(-1) ?? '';
    const changed = [...parts.slice(0, -1), `${last.startsWith('A') ? 'B' : 'A'}${last.slice(1)}`].join('.');
    expect(unsealToken(changed, OLD)).toBeUndefined();
    expect(unsealToken(sealed.replace(/[^.]+\.([^.]+)$/, 'AAAA.$1'), OLD)).toBeUndefined();
    expect(unsealToken('', OLD)).toBeUndefined();
    expect(sealToken(NEW, OLD)).not.toBe(sealed);
  });
});
