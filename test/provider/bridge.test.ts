import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { AdminError } from '../../bridge/admin-client/admin-error';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { explainRefusal, readSettings } from '../../provider/bridge';
import { ProviderError } from '../../provider/plugin';

const nothing = {
  url: null,
  token: null,
  unknown: false,
  waitSeconds: 1,
  authority: { file: undefined, pem: undefined },
};

test('what the provider block says comes before the environment, where one of token and file is wanted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  const file = join(folder, 'token');
  writeFileSync(file, 'from-file\n');
  const environment = {
    CODER_SCIM_URL: 'http://env',
    CODER_SCIM_ADMIN_TOKEN: 'from-env',
    CODER_SCIM_ADMIN_TOKEN_FILE: file,
  };
  expect(readSettings({ ...nothing, url: 'http://block', token: 'from-block' }, environment)).toMatchObject({
    url: 'http://block',
    token: 'from-block',
  });
  expect(refusedSettings(nothing, environment)[0]?.detail).toContain('are both set: wanted one of the two');
  expect(readSettings(nothing, { ...environment, CODER_SCIM_ADMIN_TOKEN_FILE: '' })).toMatchObject({
    url: 'http://env',
    token: 'from-env',
  });
  expect(readSettings(nothing, { ...environment, CODER_SCIM_ADMIN_TOKEN: '' })).toMatchObject({ token: 'from-file' });
  expect(readSettings(nothing, {})).toMatchObject({ url: undefined, token: undefined });
  rmSync(folder, { recursive: true });
  expect(() => readSettings(nothing, { CODER_SCIM_ADMIN_TOKEN_FILE: file })).toThrow(
    'the file with the admin token can not be read',
  );
});

test('a token that can not be sent is refused where it is read, by where it comes from, and not shown', () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  const file = join(folder, 'token');
  const refusedFile = (text: string) => {
    writeFileSync(file, text);
    return refusedSettings(nothing, { CODER_SCIM_ADMIN_TOKEN_FILE: file })[0];
  };
  const refused = [
    refusedFile('credential "terraform":\nSECRET\n'),
    refusedSettings(nothing, { CODER_SCIM_ADMIN_TOKEN: 'a SECRET' })[0],
    refusedSettings({ ...nothing, token: 'a\tSECRET' }, {})[0],
    refusedFile('\n'),
    refusedSettings({ ...nothing, token: '' }, { CODER_SCIM_ADMIN_TOKEN: 'x' })[0],
  ];
  rmSync(folder, { recursive: true });
  expect(refused.map(one => one?.summary)).toEqual(refused.map(() => 'the admin token can not be used'));
  expect(refused.map(one => one?.detail)).toEqual(
    [
      /CODER_SCIM_ADMIN_TOKEN_FILE names has 30 characters \(not shown\)/,
      /^CODER_SCIM_ADMIN_TOKEN has 8 characters/,
      /^admin_token has 8 characters/,
      /CODER_SCIM_ADMIN_TOKEN_FILE names is empty: wanted one token/,
      /^admin_token is empty/,
    ].map(pattern => expect.stringMatching(pattern) as string),
  );
  expect(JSON.stringify(refused)).not.toContain('SECRET');
  // As files are written, and read by `file()` in HCL.
  expect(readSettings({ ...nothing, token: 'token\n' }, {})).toMatchObject({ token: 'token' });
});

test('an address that is none is told by where it comes from, and a password in it is not repeated', () => {
  const environment = { CODER_SCIM_URL: 'scim.example.com', CODER_SCIM_ADMIN_TOKEN: 'x' };
  expect(refusedSettings(nothing, environment)).toEqual([
    {
      severity: 'error',
      summary: 'CODER_SCIM_URL is no address of a bridge',
      detail: expect.stringMatching(/^It is "scim\.example\.com": wanted the base URL of the bridge/) as string,
    },
  ]);
  const [inEnvironment] = refusedSettings(nothing, { CODER_SCIM_URL: 'https://me:hunter2@scim.example.com' });
  expect(inEnvironment?.detail).toContain('has a credential inside');
  const [fromVariable] = refusedSettings({ ...nothing, url: 'https://me:hunter2@scim.example.com' }, environment);
  expect(fromVariable).toMatchObject({ summary: 'url is no address of a bridge', path: ['url'] });
  expect(JSON.stringify([inEnvironment, fromVariable])).not.toContain('hunter2');
});

function refusedSettings(...settings: Parameters<typeof readSettings>): ProviderError['diagnostics'] {
  try {
    readSettings(...settings);
  } catch (error) {
    if (error instanceof ProviderError) return error.diagnostics;
    throw error;
  }
  return [];
}

test('an answer that is not of a bridge, or of another version, is told in words of our own', async () => {
  const answering = (body: string) =>
    new AdminClient({
      url: 'https://scim.example.com/ui',
      token: 'x',
      fetch: () => Promise.resolve(new Response(body)),
    });
  await expect(answering('<!doctype html>').listApps()).rejects.toThrow(
    /^https:\/\/scim\.example\.com\/ui answers, and not as a bridge does: wanted its base URL/,
  );
  await expect(answering('{"version":"9"}').status()).rejects.toThrow(
    /^bridge at https:\/\/scim\.example\.com\/ui is of another version: its answer has \w+.* otherwise than this version reads it/,
  );
});

/** What a person would read of an error. */
function told(error: unknown): { summary: string; detail: string; path?: unknown }[] {
  const explained = explainRefusal(error, 'write app "okta"');
  if (!(explained instanceof ProviderError)) throw new Error('no ProviderError');
  return explained.diagnostics.map(({ summary, detail = '', path }) => ({ summary, detail, ...(path && { path }) }));
}

test('a document of another version says which side to upgrade', () => {
  let newer: unknown;
  try {
    parseMappingState({ version: 2 });
  } catch (error) {
    newer = error;
  }
  expect(told(newer)).toMatchObject([
    {
      summary: 'the mapping state is refused',
      detail: expect.stringMatching(/upgrade the reader \(bridge, provider/) as string,
    },
  ]);
});

test.each([
  [
    'issues, each at its place',
    new AdminError('invalid_mapping_state', 'refused', 422, [{ path: ['tokens', 'main', 'digest'], message: 'taken' }]),
    'the mapping state is refused',
    /^taken$/,
  ],
  [
    'a refused credential, with where it comes from',
    new AdminError('unauthorized', 'wrong token', 401),
    'the bridge refuses the admin token',
    /wrong token[^]*CODER_SCIM_ADMIN_TOKEN_FILE\. Wanted a credential [^]*admin-token list/,
  ],
  [
    'nobody there, with what to look at',
    new AdminError('unreachable', 'does not answer', 0),
    'could not write app "okta"',
    /does not answer[^]*healthz/,
  ],
  [
    'a failure of the bridge, as it tells it',
    new AdminError('internal', 'its log has the cause', 500),
    'could not write app "okta"',
    /^its log has the cause$/,
  ],
])('tells of %s', (_what, error, summary, detail) => {
  expect(told(error)).toEqual([expect.objectContaining({ summary, detail: expect.stringMatching(detail) as string })]);
});

test('what is not of the bridge passes as it is', () => {
  const fault = new TypeError('x is not a function');
  expect(explainRefusal(fault, 'write')).toBe(fault);
});
