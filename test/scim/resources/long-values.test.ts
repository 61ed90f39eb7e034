/** Values as long as a body lets them be: stored, or refused in words, on either database. */
import { randomBytes } from 'node:crypto';
import { describeEachDatabase } from '../../support/databases';
import { type ScimServer, startScimServer } from '../../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
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

  test.each([
    ['nickName', (nickName: string) => ({ nickName })],
    ['roles.value', (value: string) => ({ roles: [{ value: 'short' }, { value }] })],
    [`${ENTERPRISE}:department`, (department: string) => ({ [ENTERPRISE]: { department } })],
  ] as const)('%s takes up to 64 KiB', async (attribute, holding) => {
    const whole = (bytes: number) => ({ schemas: [USER], userName: text(32), ...holding(text(bytes)) });
    const created = await server.call('POST', '/Users', { body: whole(65_536) });
    expect(created.status).toBe(201);
    const add = { schemas: [PATCH], Operations: [{ op: 'replace', value: holding(text(70_000)) }] };
    for (const answer of [
      await server.call('POST', '/Users', { body: whole(70_000) }),
      await server.call('PUT', `/Users/${created.body.id}`, { body: whole(70_000) }),
      await server.call('PATCH', `/Users/${created.body.id}`, { body: add }),
    ])
      expect([answer.status, answer.body.scimType, answer.body.detail]).toEqual([
        400,
        'invalidValue',
        `${attribute}: got 70000 bytes of UTF-8, wanted at most 65536`,
      ]);
  });

  test.each([
    ['a certificate', 'x509Certificates', ''],
    ['a picture', 'photos', 'data:image/png;base64,'],
  ])('%s takes more', async (_, attribute, prefix) => {
    const value = prefix + text(300_000);
    const body = { schemas: [USER], userName: text(32), [attribute]: [{ value }] };
    const created = await server.call('POST', '/Users', { body });
    expect([created.status, created.body[attribute]]).toEqual([201, [{ value }]]);
    const longer = { ...body, userName: text(32), [attribute]: [{ value: prefix + text(600_000) }] };
    expect((await server.call('POST', '/Users', { body: longer })).body.detail).toBe(
      `${attribute}.value: got ${600_000 + prefix.length} bytes of UTF-8, wanted at most 524288`,
    );
  });

  test("a member's display takes up to 64 KiB", async () => {
    const { id } = (await server.call('POST', '/Users', { body: { schemas: [USER], userName: text(32) } })).body;
    const group = (bytes: number) => ({
      schemas: [GROUP],
      displayName: text(32),
      members: [{ value: id, display: text(bytes) }],
    });
    const created = await server.call('POST', '/Groups', { body: group(65_536) });
    expect(created.status).toBe(201);
    for (const answer of [
      await server.call('POST', '/Groups', { body: group(70_000) }),
      await server.call('PUT', `/Groups/${created.body.id}`, { body: group(70_000) }),
    ])
      expect([answer.status, answer.body.detail]).toEqual([
        400,
        'members.display: got 70000 bytes of UTF-8, wanted at most 65536',
      ]);
  });

  test('a user holds a megabyte, however many requests it comes in', async () => {
    const created = await server.call('POST', '/Users', { body: { schemas: [USER], userName: text(32) } });
    const add = async () => {
      const value = Array.from({ length: 10 }, () => ({ value: text(50_000) }));
      const body = { schemas: [PATCH], Operations: [{ op: 'add', path: 'roles', value }] };
      return await server.call('PATCH', `/Users/${created.body.id}`, { body });
    };
    expect([(await add()).status, (await add()).status]).toEqual([200, 200]);
    const { status, body } = await add();
    expect([status, body['scimType'], body['detail']]).toEqual([
      400,
      'invalidValue',
      expect.stringMatching(/^User as a whole, most of it roles: got 15\d{5} bytes of JSON, wanted at most 1048576$/),
    ]);
  });

  describe('a user who is stored with more than that', () => {
    const nickName = text(3_000_000);
    let id: string;
    beforeEach(async () => {
      const body = { schemas: [USER], userName: text(32) };
      ({ id } = (await server.call('POST', '/Users', { body })).body);
      const document = JSON.stringify({ ...body, nickName });
      await server.database.db.updateTable('users').set({ document }).where('id', '=', id).execute();
    });
    const patch = (...Operations: object[]) =>
      server.call('PATCH', `/Users/${id}`, { body: { schemas: [PATCH], Operations } });

    test('is read, made inactive and deleted', async () => {
      const { body } = await server.call('GET', `/Users/${id}`);
      expect(body['nickName']).toBe(nickName);
      for (const active of [false, true]) {
        const answer = await patch({ op: 'replace', value: { active, nickName } });
        expect([answer.status, answer.body.active]).toEqual([200, active]);
      }
      const { meta, ...stated } = body;
      expect(meta.resourceType).toBe('User');
      const left = await server.call('PUT', `/Users/${id}`, { body: { ...stated, title: 'has left', active: false } });
      expect([left.status, left.body.active]).toEqual([200, false]);
      expect((await server.call('DELETE', `/Users/${id}`)).status).toBe(204);
    });

    test('gets no more, and is made shorter', async () => {
      expect((await patch({ op: 'replace', path: 'title', value: text(2_000) })).status).toBe(400);
      expect((await patch({ op: 'replace', path: 'nickName', value: text(4_000_000) })).status).toBe(400);
      expect((await patch({ op: 'replace', path: 'nickName', value: text(2_000_000) })).status).toBe(200);
      expect((await patch({ op: 'remove', path: 'nickName' })).status).toBe(200);
      expect((await patch({ op: 'replace', path: 'title', value: text(2_000) })).status).toBe(200);
    });
  });

  test('a user has 25,000 e-mails, and loses them again', async () => {
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
