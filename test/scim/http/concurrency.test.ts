import { describeEachDatabase } from '../../support/databases';
import { type ScimServer, startScimServer } from '../../support/scim-server';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const patchOf = (...Operations: object[]) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations,
});
const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));
const tally = (statuses: readonly number[]) =>
  Object.fromEntries(
    [...new Set(statuses)].sort().map(status => [status, statuses.filter(one => one === status).length]),
  );

describeEachDatabase('requests at the same time', open => {
  // Two replicas: what holds between them holds within one.
  let replicas: ScimServer[] = [];
  beforeAll(async () => {
    const database = await open();
    const first = await startScimServer({ database });
    replicas = [first, await startScimServer({ database, token: first.token })];
  });
  afterAll(() => Promise.all(replicas.map(replica => replica.close())));

  const call: ScimServer['call'] = (method, path, options) => {
    const replica = replicas[Math.floor(Math.random() * replicas.length)];
    if (replica === undefined) throw new Error('no replica');
    return replica.call(method, path, options);
  };
  const newUser = async (userName: string) =>
    (await call('POST', '/Users', { body: { schemas: [USER], userName } })).body.id;
  const newGroup = async (displayName: string) =>
    (await call('POST', '/Groups', { body: { schemas: [GROUP], displayName } })).body.id;

  test('a person pushed many times at once is made once', async () => {
    const answers = await times(10, () =>
      call('POST', '/Users', { body: { schemas: [USER], userName: 'Once@example.com' } }),
    );
    expect(tally(answers.map(({ status }) => status))).toEqual({ 201: 1, 409: 9 });
  });

  test('single members that come and go in parallel are all right in the end', async () => {
    const group = await newGroup('parallel');
    const people = await times(24, index => newUser(`parallel-${index}`));
    await times(people.length, index =>
      call('PATCH', `/Groups/${group}`, {
        body: patchOf({ op: 'add', path: 'members', value: [{ value: people[index] }] }),
      }),
    );
    const answers = await times(12, index =>
      call('PATCH', `/Groups/${group}`, {
        body: patchOf({ op: 'remove', path: `members[value eq "${people[index]}"]` }),
      }),
    );
    expect(tally(answers.map(({ status }) => status))).toEqual({ 204: 12 });
    const { body } = await call('GET', `/Groups/${group}`);
    expect(body.members.map(({ value }) => value).sort()).toEqual(people.slice(12).sort());
    expect(body.meta.version).toBe('W/"37"');
  });

  test('of writers with the same If-Match one wins', async () => {
    const id = await newUser('contended');
    const answers = await times(8, index =>
      call('PATCH', `/Users/${id}`, {
        headers: { 'if-match': 'W/"1"' },
        body: patchOf({ op: 'replace', path: 'title', value: `title ${index}` }),
      }),
    );
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 412: 7 });
  });

  test('attributes changed in parallel are all kept', async () => {
    const id = await newUser('attributes');
    const names = ['title', 'nickName', 'displayName', 'locale', 'timezone', 'userType'];
    await times(names.length, index =>
      call('PATCH', `/Users/${id}`, { body: patchOf({ op: 'replace', path: names[index], value: `value ${index}` }) }),
    );
    const { body } = await call('GET', `/Users/${id}`);
    expect(names.map(name => body[name])).toEqual(names.map((_, index) => `value ${index}`));
  });

  test('a person who is deleted while being put into groups is in none', async () => {
    const id = await newUser('leaving');
    const groups = await times(4, index => newGroup(`leaving ${index}`));
    const [deleted, ...puts] = await Promise.all([
      call('DELETE', `/Users/${id}`),
      ...groups.map(group =>
        call('PATCH', `/Groups/${group}`, { body: patchOf({ op: 'add', path: 'members', value: [{ value: id }] }) }),
      ),
    ]);
    expect(deleted.status).toBe(204);
    for (const { status } of puts) expect([204, 400]).toContain(status);
    const members = await Promise.all(groups.map(async group => (await call('GET', `/Groups/${group}`)).body.members));
    expect(members.flat()).toEqual([]);
  });

  test('lists, searches and bulk run beside writes without a failure', async () => {
    const answers = await times(40, index => {
      switch (index % 4) {
        case 0:
          return call('POST', '/Users', { body: { schemas: [USER], userName: `beside-${index}` } });
        case 1:
          return call('GET', '/Users?count=5&sortBy=userName');
        case 2:
          return call('GET', '/Groups?count=5');
        default:
          return call('POST', '/Bulk', {
            body: {
              schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
              Operations: [
                {
                  method: 'POST',
                  path: '/Groups',
                  bulkId: 'g',
                  data: { schemas: [GROUP], displayName: `beside ${index}` },
                },
              ],
            },
          });
      }
    });
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 30, 201: 10 });
  });
});
