import { digestOf, mintSecret } from '../../bridge/scim/access/token';
import { FunctionError } from '../../provider/plugin';
import { clientSecretDigest, tokenDigest } from '../../provider/secret-digest';

const token = mintSecret('token');
const client = mintSecret('clientSecret');

test('each function makes the digest of its kind of secret', () => {
  expect(tokenDigest.call([token.text])).toBe(digestOf(token.text));
  expect(clientSecretDigest.call([client.text])).toBe(digestOf(client.text));
});

test.each([
  ['a client secret as a token', () => tokenDigest.call([client.text]), /is no SCIM token .* beginning with cscim_$/],
  [
    'a token as a client secret',
    () => clientSecretDigest.call([token.text]),
    /is no client secret .* beginning with cscimc_$/,
  ],
  [
    'a secret that was cut',
    () => clientSecretDigest.call([client.text.slice(0, -1)]),
    /is no client secret \(92 characters, not shown\)/,
  ],
])('%s is refused, and not shown', (_what, call, message) => {
  let said = '';
  try {
    call();
  } catch (error) {
    if (error instanceof FunctionError) said = error.message;
  }
  expect(said).toMatch(message);
  expect(said).not.toContain(token.text.slice(6, 30));
  expect(said).not.toContain(client.text.slice(7, 30));
});
