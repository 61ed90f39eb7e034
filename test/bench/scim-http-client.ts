/** The client of the SCIM benchmark, a process of its own: does one job that its parent sends, and sends back what it took. */
import { Pool } from 'undici';
import { userDocument } from './fill-directory';
import { summary } from './measure';

const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

export type What =
  | {
      readonly kind: 'traffic';
      readonly parallel: number;
      readonly seconds: number;
      readonly from: number;
      readonly groups: readonly string[];
    }
  | { readonly kind: 'group'; readonly group: string; readonly empty: string; readonly users: readonly string[] }
  | { readonly kind: 'hostile' };

export type Job = What & { readonly url: string; readonly token: string };

export interface Report {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds by name of what was asked. */
  readonly medians: Record<string, number>;
  readonly failures: readonly string[];
}

type Call = (name: string, method: string, path: string, body?: unknown) => Promise<{ status: number; text: string }>;

class Client {
  readonly times = new Map<string, number[]>();
  readonly failures: string[] = [];
  private readonly pool: Pool;
  private readonly base: string;

  constructor(
    url: string,
    private readonly token: string,
    parallel: number,
  ) {
    const { origin, pathname } = new URL(url);
    this.base = pathname;
    this.pool = new Pool(origin, { connections: parallel });
  }

  readonly call: Call = async (name, method, path, body) => {
    const start = performance.now();
    const answer = await this.pool.request({
      method: method,
      path: `${this.base}${path}`,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/scim+json' },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const list = this.times.get(name) ?? [];
    list.push(performance.now() - start);
    this.times.set(name, list);
    return { status: answer.statusCode, text };
  };

  expect(answer: { status: number; text: string }, status: number): string {
    if (answer.status !== status)
      this.failures.push(`wanted ${status}, got ${answer.status}: ${answer.text.slice(0, 300)}`);
    return answer.text;
  }

  report(requests: number, seconds: number): Report {
    const medians = Object.fromEntries([...this.times].map(([name, times]) => [name, summary(times).median]));
    return { requests, seconds, medians, failures: this.failures };
  }

  close(): Promise<void> {
    return this.pool.close();
  }
}

async function traffic(client: Client, job: Extract<Job, { kind: 'traffic' }>): Promise<Report> {
  const end = performance.now() + job.seconds * 1_000;
  let next = job.from;
  let requests = 0;
  const one = async () => {
    const index = (next += 1);
    const filter = encodeURIComponent(`userName eq "person.${index}@example.com"`);
    client.expect(await client.call('filter', 'GET', `/Users?filter=${filter}&startIndex=1&count=100`), 200);
    const created = client.expect(await client.call('create', 'POST', '/Users', userDocument(index)), 201);
    const { id } = JSON.parse(created) as { id: string };
    const title = { schemas: [PATCH], Operations: [{ op: 'replace', path: 'title', value: 'Changed' }] };
    client.expect(await client.call('patch user', 'PATCH', `/Users/${id}`, title), 200);
    const member = { schemas: [PATCH], Operations: [{ op: 'add', path: 'members', value: [{ value: id }] }] };
    client.expect(
      await client.call('patch group', 'PATCH', `/Groups/${job.groups[index % job.groups.length]}`, member),
      204,
    );
    requests += 4;
  };
  const start = performance.now();
  await Promise.all(
    Array.from({ length: job.parallel }, async () => {
      while (performance.now() < end && client.failures.length === 0) await one();
    }),
  );
  return client.report(requests, (performance.now() - start) / 1_000);
}

async function largeGroup(client: Client, { group, empty, users }: Extract<Job, { kind: 'group' }>): Promise<Report> {
  const patch = (op: object) => ({ schemas: [PATCH], Operations: [op] });
  for (let run = 0; run < 5; run += 1) {
    const whole = client.expect(await client.call('GET, whole', 'GET', `/Groups/${group}`), 200);
    const { members } = JSON.parse(whole) as { members: unknown[] };
    if (members.length < 99_000) throw new Error(`only ${members.length} members`);
    client.expect(
      await client.call('GET excludedAttributes=members', 'GET', `/Groups/${group}?excludedAttributes=members`),
      200,
    );
    const crowd = Array.from({ length: 1_000 }, async (_, index) => {
      const text = client.expect(
        await client.call('(create)', 'POST', '/Users', { schemas: [USER], userName: `crowd-${run}-${index}` }),
        201,
      );
      return { value: (JSON.parse(text) as { id: string }).id };
    });
    const value = await Promise.all(crowd);
    for (const [name, id] of [
      ['PATCH add 1,000 to it', group],
      ['PATCH add 1,000 to an empty group', empty],
    ] as const) {
      client.expect(
        await client.call(name, 'PATCH', `/Groups/${id}`, patch({ op: 'add', path: 'members', value })),
        204,
      );
      client.expect(
        await client.call('(remove)', 'PATCH', `/Groups/${id}`, patch({ op: 'remove', path: 'members', value })),
        204,
      );
    }
    const one = `members[value eq "${users[run]}"]`;
    client.expect(
      await client.call('PATCH remove one of it', 'PATCH', `/Groups/${group}`, patch({ op: 'remove', path: one })),
      204,
    );
  }
  client.times.delete('(create)');
  client.times.delete('(remove)');
  return client.report(0, 0);
}

const LENGTH = 100_000;

async function hostile(client: Client): Promise<Report> {
  const created = await client.call('', 'POST', '/Users', {
    schemas: [USER],
    userName: 'victim',
    emails: [{ value: 'a@b.c', type: 'work' }],
  });
  const { id } = JSON.parse(created.text) as { id: string };
  const { text } = await client.call('', 'POST', '/Groups', {
    schemas: [GROUP],
    displayName: 'victims',
    members: [{ value: id }],
  });
  const group = (JSON.parse(text) as { id: string }).id;
  client.times.clear();
  const search = (filter: string) => ['POST', '/Users/.search', { schemas: [SEARCH], filter }] as const;
  const patch = (path: string, value?: unknown) =>
    [
      'PATCH',
      `/Users/${id}`,
      { schemas: [PATCH], Operations: [{ op: 'replace', path, value: value ?? 'x' }] },
    ] as const;
  const terms = (count: number) => Array.from({ length: count }, (_, index) => `nickName co "x${index}"`).join(' or ');
  const cases: Record<string, readonly [string, string, unknown]> = {
    'filter of brackets': search('('.repeat(LENGTH)),
    'filter of not': search('not ('.repeat(LENGTH / 5)),
    'filter of terms': search(terms(5_000)),
    'filter of as many terms as are read': search(terms(290)),
    'filter of one string': search(`userName eq "${'x'.repeat(LENGTH)}"`),
    'filter of escapes': search(`userName eq "${'\\u0041'.repeat(LENGTH / 6)}"`),
    'filter of blanks': search(`userName${' '.repeat(LENGTH)}pr`),
    'path of brackets': patch('emails['.repeat(LENGTH / 7)),
    'path of terms': patch(`emails[${terms(4_000).replaceAll('nickName', 'value')}].value`),
    'path of dots': patch('a.'.repeat(LENGTH / 2)),
    'body of brackets': ['POST', '/Users', '['.repeat(LENGTH)],
    'body of keys': ['POST', '/Users', `{${Array.from({ length: 10_000 }, (_, index) => `"k${index}":1`).join()}}`],
    'body of one string': ['POST', '/Users', { schemas: [USER], userName: 'x'.repeat(LENGTH) }],
    'body of e-mails': [
      'POST',
      '/Users',
      {
        schemas: [USER],
        userName: 'many',
        emails: Array.from({ length: 4_000 }, (_, index) => ({ value: `${index}@e.x` })),
      },
    ],
    'body of schemas': ['POST', '/Users', { schemas: Array.from({ length: 2_000 }, () => USER), userName: 'schemas' }],
    'PATCH of operations': [
      'PATCH',
      `/Users/${id}`,
      {
        schemas: [PATCH],
        Operations: Array.from({ length: 1_000 }, (_, index) => ({
          op: 'add',
          path: 'emails',
          value: [{ value: `${index}@x.y` }],
        })),
      },
    ],
    'PATCH of members that are not there': [
      'PATCH',
      `/Groups/${group}`,
      {
        schemas: [PATCH],
        Operations: [
          {
            op: 'add',
            path: 'members',
            value: Array.from({ length: 2_000 }, (_, index) => ({
              value: `00000000-0000-7000-8000-${String(index).padStart(12, '0')}`,
            })),
          },
        ],
      },
    ],
    'attributes of names': ['GET', `/Users?attributes=${'userName,'.repeat(1_500)}`, undefined],
    'bulk of references': [
      'POST',
      '/Bulk',
      {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: [
          {
            method: 'POST',
            path: '/Groups',
            bulkId: 'a',
            data: {
              schemas: [GROUP],
              displayName: 'refs',
              members: Array.from({ length: 4_000 }, (_, index) => ({ value: `bulkId:${index}` })),
            },
          },
        ],
      },
    ],
  };
  for (let run = 0; run < 5; run += 1) {
    for (const [name, [method, path, body]] of Object.entries(cases)) {
      const { status } = await client.call(name, method, path, body);
      if (status >= 500) client.failures.push(`${name}: ${status}`);
    }
  }
  return client.report(0, 0);
}

process.once('message', message => {
  const job = message as Job;
  const client = new Client(job.url, job.token, job.kind === 'traffic' ? job.parallel : 16);
  const work =
    job.kind === 'traffic' ? traffic(client, job) : job.kind === 'group' ? largeGroup(client, job) : hostile(client);
  work
    .then(async report => {
      await client.close();
      process.send?.(report, () => process.disconnect());
    })
    .catch((error: unknown) => {
      console.error(error);
      process.exit(1);
    });
});
