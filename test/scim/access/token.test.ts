import { digestOf, mintToken, sameDigest, readSecret } from '../../../bridge/scim/access/token';

describe('tokens', () => {
  test('a token shows prefix, id, secret and checksum, and its id can be read', () => {
    const { id, token, digest } = mintToken();
    expect(token).toMatch(/^cscim_[0-9a-f]{12}_[0-9a-f]{64}_[0-9a-f]{8}$/);
    expect(readSecret(token)).toEqual({ kind: 'token', id });
    expect(digestOf(token)).toBe(digest);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test('two tokens share nothing', () => {
    const tokens = Array.from({ length: 50 }, () => mintToken());
    expect(new Set(tokens.map(token => token.id)).size).toBe(50);
    expect(new Set(tokens.map(token => token.token.split('_')[2])).size).toBe(50);
  });

  // The checksum is the CRC-32 of the text before it, so that a scanner can tell a real token from a look-alike.
  test('the checksum is the CRC-32 of what precedes it', () => {
    const body = `cscim_${'0'.repeat(12)}_${'0'.repeat(64)}`;
    expect(readSecret(`${body}_${crc32(body)}`)).toEqual({ kind: 'token', id: '0'.repeat(12) });
    expect(readSecret(`${body}_00000000`)).toBeUndefined();
    expect(crc32('123456789')).toBe('cbf43926');
  });

  test.each([
    ['cut', (token: string) => token.slice(0, -1)],
    [
      'with one digit changed',
      (token: string) => token.replace(/.(?=_[0-9a-f]{8}$)/, digit => (digit === '0' ? '1' : '0')),
    ],
    ['with another prefix', (token: string) => token.replace('cscim', 'ccsim')],
    ['with white space', (token: string) => `${token} `],
    ['in upper case', (token: string) => token.toUpperCase()],
    ['empty', () => ''],
  ])('a token %s is none', (_what, spoil) => {
    expect(readSecret(spoil(mintToken().token))).toBeUndefined();
  });

  test('digests compare by value, and those of different form never match', () => {
    const { digest } = mintToken();
    expect(sameDigest(digest, `${digest}`)).toBe(true);
    expect(sameDigest(digest, mintToken().digest)).toBe(false);
    expect(sameDigest(digest, digest.slice(7))).toBe(false);
  });
});

function crc32(text: string): string {
  const table = Array.from({ length: 256 }, (_, index) => {
    let value = index;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
    return value >>> 0;
  });
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0');
}
