/** An OpenID provider for the page's tests: discovery, keys, and tokens for whoever a test says is at its keyboard. */
import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';

export interface OpenIdProvider {
  readonly issuer: string;
  /** Claims of who signs in, beside `sub`. */
  claims: Record<string, unknown>;
  /** Claims that the user info has and the ID token has not. */
  userInfo: Record<string, unknown>;
  /** What of a token is made wrong. */
  tamper: (claims: Record<string, unknown>) => Record<string, unknown>;
  /** What a browser does at the authorization endpoint: signs in, and is sent back. */
  authorize(url: string): string;
  close(): Promise<void>;
}

export const CLIENT = { id: 'coder-scim-page', secret: 'a-client-secret-for-tests' };

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const codes = new Map<string, { nonce: string; challenge: string; redirectUri: string }>();
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const json = (response: ServerResponse, status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  const sign = (claims: object): string => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'RS256', kid: 'one' })}.${part(claims)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(privateKey).toString('base64url')}`;
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    switch (request.url?.split('?')[0]) {
      case '/.well-known/openid-configuration':
        json(response, 200, {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          userinfo_endpoint: `${issuer}/userinfo`,
          jwks_uri: `${issuer}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
        });
        return;
      case '/keys':
        json(response, 200, {
          keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }],
        });
        return;
      case '/userinfo':
        json(response, 200, { sub: provider.claims['sub'] ?? 'subject-1', ...provider.userInfo });
        return;
      case '/token': {
        const form = new URLSearchParams(body);
        const code = codes.get(form.get('code') ?? '');
        codes.delete(form.get('code') ?? '');
        const verifier = createHash('sha256')
          .update(form.get('code_verifier') ?? '')
          .digest('base64url');
        const secret = form.get('client_secret') ?? '';
        if (code === undefined || verifier !== code.challenge || secret !== CLIENT.secret) {
          json(response, 400, { error: 'invalid_grant' });
          return;
        }
        const now = Math.floor(Date.now() / 1_000);
        const standard = { iss: issuer, aud: CLIENT.id, sub: 'subject-1', iat: now, exp: now + 300, nonce: code.nonce };
        json(response, 200, {
          access_token: 'an-access-token',
          token_type: 'Bearer',
          id_token: sign(provider.tamper({ ...standard, ...provider.claims })),
        });
        return;
      }
      default:
        json(response, 404, {});
    }
  }

  const provider: OpenIdProvider = {
    issuer,
    claims: {},
    userInfo: {},
    tamper: claims => claims,
    authorize(url) {
      const asked = new URL(url);
      const value = (name: string): string => asked.searchParams.get(name) ?? '';
      if (value('client_id') !== CLIENT.id || value('code_challenge_method') !== 'S256')
        throw new Error(`unexpected authorization request: ${url}`);
      const code = randomBytes(16).toString('hex');
      codes.set(code, {
        nonce: value('nonce'),
        challenge: value('code_challenge'),
        redirectUri: value('redirect_uri'),
      });
      return `${value('redirect_uri')}?${new URLSearchParams({ code, state: value('state') }).toString()}`;
    },
    close: () => new Promise<void>(resolve => void server.close(() => resolve())),
  };
  return provider;
}
