/** The double answers what a real server answered: every recorded exchange, one test for each step. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCoderDouble, type CoderDouble } from '../support/coder-double';
import { Bindings } from './bindings';
import { compareBody } from './compare-body';
import { playRace } from './races';
import { type Recording, type Step } from './recording';
import { departures } from './departures';

const FOLDER = join(__dirname, '..', 'fixtures', 'coder-contract');

function read(file: string): Recording {
  return JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Recording;
}

const files = readdirSync(FOLDER).filter(file => file.endsWith('.json'));

test('there are recordings, and every departure names a step that exists', () => {
  expect(files.reduce((sum, file) => sum + read(file).steps.length, 0)).toBe(525);
  for (const { file, step } of departures) {
    expect(read(file).steps.map(({ title }) => title)).toContain(step);
  }
});

describe.each(files)('%s', file => {
  const recording = read(file);
  const bindings = new Bindings();
  let double: CoderDouble;

  beforeAll(async () => {
    const server = recording.server ?? {};
    double = await startCoderDouble({
      ...(server.apiRateLimitPerMinute !== undefined && { rateLimitPerMinute: server.apiRateLimitPerMinute }),
      licence: server.licence ?? true,
      oidc: server.oidc ?? true,
      oidcAllowSignups: server.oidcAllowSignups ?? true,
      oidcUserRoleField: server.oidcUserRoleField ?? '',
    });
    bindings.bind('base', double.url);
    bindings.bind('org.id', double.findOrganization().id);
    bindings.bind('owner.id', double.findUser('testuser').id);
    bindings.bind('token.owner', double.token);
    bindings.bind('token.bad', 'aaaaaaaaaa-bbbbbbbbbbbbbbbbbbbbbb');
    bindings.bind('token.malformed', 'malformed');
  });

  afterAll(() => double.close());

  async function playRequest(step: Step): Promise<void> {
    const { request, response } = step;
    if (!request || !response) throw new Error(`step "${step.title}" has no request`);
    const headers: Record<string, string> = { 'user-agent': 'recorder' };
    for (const [name, value] of Object.entries(request.headers ?? {})) headers[name] = bindings.fill(value);
    if (step.as) headers['coder-session-token'] = bindings.get(`token.${step.as}`);
    const body = request.raw ?? (request.body === undefined ? undefined : bindings.fill(JSON.stringify(request.body)));
    const answer = await fetch(double.url + bindings.fill(request.path), {
      method: request.method,
      headers,
      body: body ?? null,
    });
    const text = await answer.text();
    const actual: unknown = (answer.headers.get('content-type') ?? '').includes('json')
      ? JSON.parse(text)
      : text === ''
        ? null
        : text;

    expect({ status: answer.status, body: actual }).toMatchObject({ status: response.status });
    for (const [name, value] of Object.entries(response.headers ?? {})) {
      expect([name, compareBody(value, answer.headers.get(name), bindings)]).toEqual([name, undefined]);
    }
    for (const [name, path] of Object.entries(step.save ?? {})) {
      const saved = (actual as Record<string, string>)[path];
      if (saved !== undefined) bindings.bind(name, saved);
    }
    const departure = departures.find(each => each.file === file && each.step === step.title);
    const expected = departure?.mend ? departure.mend(response.body) : response.body;
    expect(compareBody(expected, departure?.shorten ? departure.shorten(actual) : actual, bindings)).toBeUndefined();
  }

  function playSignIn(step: Step): void {
    if (!step.oidcLogin || !step.response) throw new Error(`step "${step.title}" is no sign-in`);
    const { status, signedIn, text, token } = double.oidcLogin(step.oidcLogin.claims);
    const { response } = step;
    expect({ status, signedIn, text }).toEqual({
      status: response.status,
      signedIn: response.signedIn,
      text: response.text,
    });
    if (step.oidcLogin.saveTokenAs) bindings.bind(`token.${step.oidcLogin.saveTokenAs}`, token ?? '');
  }

  test.each(recording.steps.map((step, index) => ({ name: `${index + 1}. ${step.title}`, step })))(
    '$name',
    async ({ step }) => {
      if (step.parallel !== undefined) expect(await playRace(double, step)).toEqual(step.answers);
      else if (step.oidcLogin) playSignIn(step);
      else await playRequest(step);
    },
  );
});
