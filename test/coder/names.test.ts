import fc from 'fast-check';
import {
  cleanDisplayName,
  cleanRealName,
  deriveGroupNames,
  deriveUsernames,
  isGroupName,
  isUsername,
} from '../../bridge/coder/names';

// Coder's own rule, written once more on purpose: the product's copy must not test itself.
const CODER_NAME = /^[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$/;
const key = '0190a1b2-0000-7000-8000-000000000001';

describe('usernames', () => {
  test.each([
    ['alice', 'alice'],
    ['Alice', 'Alice'],
    ['alice@example.com', 'alice'],
    ['a.b_c@example.com', 'abc'],
    ['jit.person@example.com', 'jitperson'],
    ['first-last@sub.example.com', 'first-last'],
    ['"odd@local"@example.com', 'oddlocal'],
    ['-lead-@example.com', 'lead'],
    ['double--hyphen@example.com', 'double-hyphen'],
    ['Zoë.Ångström@example.com', 'ZoeAngstrom'],
    ['straße@example.com', 'strasse'],
    ['CORP\\bob', 'CORPbob'],
    ['x'.repeat(32), 'x'.repeat(32)],
  ])('%s becomes %s', (userName, expected) => {
    expect(deriveUsernames({ userName, key })[0]).toBe(expected);
  });

  test.each([
    ['reserved words', 'new', /^new-[0-9a-f]{4}$/],
    ['reserved words of an address', 'create@example.com', /^create-[0-9a-f]{4}$/],
    ['the word that means the caller', 'me@example.com', /^me-[0-9a-f]{4}$/],
    ['the same in capitals', 'ME', /^ME-[0-9a-f]{4}$/],
    ['what would be read as an id', 'C42FDF753097471C8C33FB52454D81C0', /^C42FDF753097471C8C33FB52454-[0-9a-f]{4}$/],
    ['more than 32 characters', `${'y'.repeat(40)}@example.com`, /^y{27}-[0-9a-f]{4}$/],
    ['letters without a counterpart', '李.wei@example.com', /^wei-[0-9a-f]{4}$/],
    ['nothing that can be written', '李小龍@例え.jp', /^user-[0-9a-f]{4}$/],
    ['nothing at all', '', /^user-[0-9a-f]{4}$/],
    ['only punctuation', '...@example.com', /^user-[0-9a-f]{4}$/],
  ])('%s get a part of a digest', (_, userName, expected) => {
    expect(deriveUsernames({ userName, key })[0]).toMatch(expected);
  });

  test('a userName with nothing usable falls back to the e-mail', () => {
    expect(deriveUsernames({ userName: '---', email: 'carol@example.com', key })[0]).toBe('carol');
  });

  test('a person keeps the same candidates, and another person has other ones', () => {
    const first = deriveUsernames({ userName: 'sam@example.com', key });
    expect(deriveUsernames({ userName: 'sam@example.com', key })).toEqual(first);
    const other = deriveUsernames({ userName: 'sam@example.org', key: 'another' });
    expect(first[0]).toBe(other[0]);
    expect(first.slice(1).some(name => other.includes(name))).toBe(false);
    expect(first.length).toBeGreaterThanOrEqual(4);
  });

  test('every candidate of any text is a name that Coder takes and finds again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.string({ maxLength: 60 }), (userName, email) => {
        const names = deriveUsernames({ userName, email, key: userName });
        expect(names.length).toBeGreaterThanOrEqual(1);
        for (const name of names) {
          expect(name).toMatch(CODER_NAME);
          expect(name.length).toBeLessThanOrEqual(32);
          expect(['new', 'create', 'me']).not.toContain(name.toLowerCase());
          expect(name).not.toMatch(/^[0-9a-f]{32}$/i);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('knows what Coder refuses', () => {
    expect(['a', 'a-b', '0', 'A1-b2'].every(isUsername)).toBe(true);
    expect(['', '-a', 'a-', 'a--b', 'a_b', 'a.b', 'new', 'me', 'x'.repeat(33), 'Ünï'].some(isUsername)).toBe(false);
  });
});

describe('group names', () => {
  test.each([
    ['eng', 'eng'],
    ['ENG', 'ENG'],
    ['Platform Engineers', 'Platform-Engineers'],
    ['Platform / EU (prod)', 'Platform-EU-prod'],
    ["Jane's team", 'Janes-team'],
    ['coder_admins', 'coder-admins'],
    ['Équipe données', 'Equipe-donnees'],
    ['c42fdf753097471c8c33fb52454d81c0', 'c42fdf753097471c8c33fb52454d81c0'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ])('%s becomes %s', (displayName, expected) => {
    expect(deriveGroupNames({ displayName, key })[0]).toBe(expected);
  });

  test.each([
    ['Everyone', /^Everyone-[0-9a-f]{4}$/],
    ['everyone', /^everyone-[0-9a-f]{4}$/],
    ['new', /^new-[0-9a-f]{4}$/],
    ['coderprebuiltworkspaces', /^coderprebuiltworkspaces-[0-9a-f]{4}$/],
    ['開発者', /^group-[0-9a-f]{4}$/],
    ['z'.repeat(300), /^z{250}-[0-9a-f]{4}$/],
  ])('%s gets a part of a digest', (displayName, expected) => {
    expect(deriveGroupNames({ displayName, key })[0]).toMatch(expected);
  });

  test('every candidate of any text is a name that Coder takes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), displayName => {
        for (const name of deriveGroupNames({ displayName, key })) {
          expect(name).toMatch(CODER_NAME);
          expect(name.length).toBeLessThanOrEqual(255);
          expect(isGroupName(name)).toBe(true);
        }
      }),
    );
  });
});

describe('names for people to read', () => {
  test.each([
    ['  Ann  Lee ', 'Ann  Lee'],
    ['Ann\nLee', 'Ann Lee'],
    ['\u0085Ann\u00a0', 'Ann'],
    ['Zoë 李', 'Zoë 李'],
    ['', ''],
    ['   ', ''],
  ])('%j is cleaned to %j', (name, expected) => {
    expect(cleanRealName(name)).toBe(expected);
  });

  test('long names are cut in bytes and never inside a character', () => {
    expect(cleanRealName('n'.repeat(129))).toBe('n'.repeat(128));
    expect(cleanRealName('é'.repeat(100))).toBe('é'.repeat(64));
    const family = '👩‍👩‍👧‍👦';
    expect(cleanDisplayName(family.repeat(5))).toBe(family.repeat(2));
    expect(cleanDisplayName(`${'d'.repeat(63)} x`)).toBe('d'.repeat(63));
  });

  test('whatever comes in, Coder takes what comes out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), name => {
        const clean = cleanRealName(name);
        expect(clean).toBe(clean.trim());
        expect(Buffer.byteLength(clean)).toBeLessThanOrEqual(128);
        expect(cleanRealName(clean)).toBe(clean);
      }),
    );
  });
});
