import { accountWith, connect, failure, startDouble } from './on-double';

const claims = { email: 'ann@example.com', email_verified: true, sub: 'ann', preferred_username: 'ann' };

test('claims are seen once somebody has signed in, and their values as texts', async () => {
  const double = await startDouble();
  const coder = connect(double);
  expect(await coder.listSeenClaims()).toEqual([]);
  expect(await coder.listSeenValues('groups')).toEqual([]);
  double.oidcLogin({ ...claims, groups: ['devs', 'ops'] });
  double.oidcLogin({ ...claims, email: 'bea@example.com', sub: 'bea', preferred_username: 'bea', groups: ['devs'] });
  expect(await coder.listSeenClaims()).toEqual(expect.arrayContaining(['email', 'preferred_username', 'groups']));
  expect([...(await coder.listSeenValues('groups'))].sort()).toEqual(['devs', 'ops']);
  expect([...(await coder.listSeenValues('email'))].sort()).toEqual(['ann@example.com', 'bea@example.com']);
});

test('the claims of e-mail and username are shown to an owner, and to others are unknown', async () => {
  const double = await startDouble();
  expect(await connect(double).getSignInClaims()).toEqual({
    email: 'email',
    username: 'preferred_username',
    emailDomains: [],
  });
  expect(await connect(double, accountWith(double, 'bea', ['user-admin'])).getSignInClaims()).toBeUndefined();
});

test('who may not read sync settings is refused the claims', async () => {
  const double = await startDouble();
  expect(await failure(connect(double, accountWith(double, 'bea', ['template-admin'])).listSeenClaims())).toMatchObject(
    { kind: 'forbidden' },
  );
});
