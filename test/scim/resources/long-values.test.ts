/** Values as long as a body lets them be: stored, or refused in words, on either database. */
import { randomBytes } from 'node:crypto';
import { describeEachDatabase } from '../../support/databases';
import { type ScimServer, startScimServer } from '../../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
// Random, so that no database makes it short by compression.
const text = (bytes: number) => randomBytes(bytes / 2).toString('hex');

describeEachDatabase('long values', open => {
  let server: ScimServer;
  beforeAll(async () => {
    server = await startScimServer({ database: await open() });
  });
  afterAll(() => server.close());

  const documentWith = (attribute: string, value: string) => ({
    '/Users': {
      schemas: [USER],
      userName: text(32),
      ...(attribute === 'emails.value' ? { emails: [{ value }] } : { [attribute]: value }),
    },
    '/Groups': { schemas: [GROUP], displayName: text(32), [attribute]: value },
  });

  test.each([
    ['/Users', 'userName'],
    ['/Users', 'externalId'],
    ['/Users', 'displayName'],
    ['/Users', 'emails.value'],
    ['/Groups', 'displayName'],
    ['/Groups', 'externalId'],
  ] as const)('%s: %s is found by, and takes up to 2048 bytes', async (path, attribute) => {
    const fits = text(2_048);
    const created = await server.call('POST', path, { body: documentWith(attribute, fits)[path] });
    expect(created.status).toBe(201);
    const filter = encodeURIComponent(`${attribute} eq "${fits}"`);
    expect((await server.call('GET', `${path}?filter=${filter}`)).body.totalResults).toBe(1);

    const body = documentWith(attribute, text(12_000))[path];
    for (const answer of [
      await server.call('POST', path, { body }),
      await server.call('PUT', `${path}/${created.body.id}`, { body }),
    ]) {
      expect([answer.status, answer.body.scimType, answer.body.detail]).toEqual([
        400,
        'invalidValue',
        `${attribute}: got 12000 bytes of UTF-8, wanted at most 2048`,
      ]);
    }
  });

  test('displayName and externalId of a group are told apart by both, and take up to 2560 bytes together', async () => {
    const { token } = await server.addApp('a'.repeat(63));
    const group = (name: number, externalId: number) => ({
      schemas: [GROUP],
      displayName: text(name),
      externalId: text(externalId),
    });
    const fits = group(512, 2_048);
    const created = await server.call('POST', '/Groups', { body: fits, token });
    expect(created.status).toBe(201);
    const filter = encodeURIComponent(`externalId eq "${fits.externalId}"`);
    expect((await server.call('GET', `/Groups?filter=${filter}`, { token })).body.totalResults).toBe(1);
    const body = group(1_500, 1_500);
    for (const answer of [
      await server.call('POST', '/Groups', { body, token }),
      await server.call('PUT', `/Groups/${created.body.id}`, { body, token }),
    ]) {
      expect([answer.status, answer.body.scimType, answer.body.detail]).toEqual([
        400,
        'invalidValue',
        'displayName and externalId together: got 3000 bytes of UTF-8, wanted at most 2560',
      ]);
    }
  });

  test('other attributes take what the body takes', async () => {
    const nickName = text(200_000);
    const { status, body } = await server.call('POST', '/Users', {
      body: { schemas: [USER], userName: 'nick', nickName },
    });
    expect([status, body['nickName']]).toEqual([201, nickName]);
  });

  test('a user has as many e-mails as the body takes, and loses them again', async () => {
    const emails = Array.from({ length: 25_000 }, (_, index) => ({ value: `mail${index}@example.com` }));
    const { status, body } = await server.call('POST', '/Users', {
      body: { schemas: [USER], userName: 'mails', emails },
    });
    expect(status).toBe(201);
    const last = encodeURIComponent('emails.value eq "mail24999@example.com"');
    expect((await server.call('GET', `/Users?filter=${last}&attributes=userName`)).body.totalResults).toBe(1);
    const emptied = await server.call('PUT', `/Users/${body.id}`, { body: { schemas: [USER], userName: 'mails' } });
    expect(emptied.status).toBe(200);
    expect((await server.call('GET', `/Users?filter=${last}`)).body.totalResults).toBe(0);
  });
});
