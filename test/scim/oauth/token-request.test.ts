import fc from 'fast-check';
import { OAuthError } from '../../../bridge/scim/oauth/oauth-error';
import { type ReceivedRequest, grantedScopes, readTokenRequest } from '../../../bridge/scim/oauth/token-request';

const FORM = 'application/x-www-form-urlencoded';
const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

function read({ body = '', ...request }: Partial<Omit<ReceivedRequest, 'body'>> & { body?: string | Buffer }) {
  return readTokenRequest({
    contentType: FORM,
    authorization: undefined,
    query: '',
    body: Buffer.from(body),
    ...request,
  });
}

function refusal(act: () => unknown): OAuthError {
  try {
    act();
  } catch (error) {
    if (error instanceof OAuthError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('a request for an access token (RFC 6749 §4.4.2)', () => {
  test.each([
    ['client_secret_post', { body: 'grant_type=client_credentials&client_id=ping&client_secret=s' }],
    ['client_secret_basic', { body: 'grant_type=client_credentials', authorization: basic('ping:s') }],
    [
      'client_secret_basic with the client id in the form as well',
      { body: 'grant_type=client_credentials&client_id=ping', authorization: basic('ping:s') },
    ],
    [
      'the scheme in another case',
      { body: 'grant_type=client_credentials', authorization: basic('ping:s').replace('Basic', 'bASIC') },
    ],
    [
      'a content type with a character set',
      { body: 'grant_type=client_credentials&client_id=ping&client_secret=s', contentType: `${FORM};charset=UTF-8` },
    ],
    [
      'parameters that nobody knows, and empty ones',
      { body: 'resource=x&grant_type=client_credentials&audience=&scope=&client_id=ping&client_secret=s' },
    ],
  ])('%s', (_what, request) => {
    expect(read(request)).toEqual({
      clientId: 'ping',
      clientSecret: 's',
      grantType: 'client_credentials',
      scopes: undefined,
    });
  });

  test('id and secret of the header are form-encoded (RFC 6749 §2.3.1), and read as they are where they are not', () => {
    for (const id of ['corp+ping', 'corp%20ping', 'corp ping'])
      expect(read({ authorization: basic(`${id}:a%3Ab`) })).toMatchObject({
        clientId: 'corp ping',
        clientSecret: 'a:b',
      });
    expect(read({ authorization: basic('ping:a:b') })).toMatchObject({ clientId: 'ping', clientSecret: 'a:b' });
  });

  test.each([
    ['no form', { contentType: undefined, body: '' }, 400, 'invalid_request'],
    ['JSON', { contentType: 'application/json', body: '{}' }, 400, 'invalid_request'],
    ['a parameter twice', { body: 'grant_type=a&grant_type=a' }, 400, 'invalid_request'],
    ['a parameter twice, once empty', { body: 'scope=&scope=x' }, 400, 'invalid_request'],
    ['bytes that are not UTF-8', { body: Buffer.from([0x61, 0x3d, 0xff]) }, 400, 'invalid_request'],
    ['both ways to sign in', { body: 'client_secret=s', authorization: basic('ping:s') }, 400, 'invalid_request'],
    ['two client ids', { body: 'client_id=okta', authorization: basic('ping:s') }, 400, 'invalid_request'],
    ['the secret in the query', { query: 'client_id=ping&client_secret=s' }, 400, 'invalid_request'],
    ['no client', { body: 'grant_type=client_credentials' }, 401, 'invalid_client'],
    ['an id without a secret', { body: 'client_id=ping' }, 401, 'invalid_client'],
    ['an assertion', { body: 'client_assertion=e.y.z&client_id=ping' }, 401, 'invalid_client'],
    ['a bearer token', { authorization: 'Bearer s' }, 401, 'invalid_client'],
    ['a header without base64', { authorization: 'Basic ping:s' }, 401, 'invalid_client'],
    ['a header without a colon', { authorization: basic('ping') }, 401, 'invalid_client'],
    ['a header with half a percent sign', { authorization: basic('ping:%') }, 401, 'invalid_client'],
  ] as const)('%s is refused', (_what, request, status, code) => {
    const error = refusal(() => read(request));
    expect(error).toMatchObject({ status, code });
    expect(error.headers['www-authenticate']).toBe(
      status === 401 ? 'Basic realm="coder-scim", charset="UTF-8"' : undefined,
    );
    // RFC 6749 §5.2: what a description may have.
    expect(error.toBody().error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  });

  test('whatever is sent is read or refused in the form of RFC 6749 §5.2, and never fails otherwise', () => {
    const names = ['grant_type', 'client_id', 'client_secret', 'scope', 'client_assertion', '', '__proto__'];
    const field = fc.tuple(fc.constantFrom(...names), fc.string({ unit: 'binary' }));
    const form = fc.array(field).map(fields => new URLSearchParams(fields).toString());
    const request = fc.record({
      contentType: fc.option(fc.constantFrom(FORM, `${FORM}; charset=x`, 'text/plain', ''), { nil: undefined }),
      authorization: fc.option(
        fc.oneof(
          fc.string(),
          fc.string({ unit: 'binary' }).map(basic),
          fc.string().map(text => `Basic ${text}`),
        ),
        { nil: undefined },
      ),
      query: fc.oneof(fc.constant(''), fc.string()),
      body: fc.oneof(
        form,
        fc.string({ unit: 'binary' }),
        fc.uint8Array().map(bytes => Buffer.from(bytes)),
      ),
    });
    fc.assert(
      fc.property(request, stated => {
        try {
          const asked = read(stated);
          grantedScopes(asked, ['users:read', 'groups:read']);
        } catch (error) {
          if (!(error instanceof OAuthError)) throw error;
          expect(error.toBody().error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
          expect([400, 401]).toContain(error.status);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('a description holds nothing that RFC 6749 §5.2 forbids, whatever was sent', () => {
    const error = refusal(() => read({ contentType: 'text/"\\é' }));
    expect(error.toBody()).toEqual({
      error: 'invalid_request',
      error_description: `content type: got text/''?, wanted ${FORM}`,
    });
  });
});

describe('what a client gets', () => {
  const ALLOWED = ['users:read', 'users:write', 'groups:read'] as const;
  const ask = (grantType?: string, scopes?: string[]) =>
    grantedScopes({ clientId: 'ping', clientSecret: 's', grantType, scopes }, ALLOWED);

  test('is all that it may do, or less when it asks for less', () => {
    expect(ask('client_credentials')).toEqual(ALLOWED);
    expect(ask('client_credentials', ['groups:read', 'users:read'])).toEqual(['users:read', 'groups:read']);
  });

  test.each([
    ['no grant type', undefined, undefined, 'invalid_request'],
    ['another grant type', 'password', undefined, 'unsupported_grant_type'],
    ['the grant type in another case', 'Client_Credentials', undefined, 'unsupported_grant_type'],
    ['more than it may', 'client_credentials', ['users:read', 'groups:write'], 'invalid_scope'],
    ['a scope that there is not', 'client_credentials', ['scim'], 'invalid_scope'],
    ['scopes of blanks', 'client_credentials', [], 'invalid_scope'],
  ] as const)('%s is refused', (_what, grantType, scopes, code) => {
    expect(refusal(() => ask(grantType, scopes === undefined ? undefined : [...scopes]))).toMatchObject({
      status: 400,
      code,
    });
  });
});
