/** The double answers what a real server answered: every recorded exchange, one test for each step. */
import { startCoderDouble, type CoderDouble } from '../support/coder-double';
import { Bindings } from './bindings';
import { compareBody } from './compare-body';
import { playRace } from './races';
import { readRecording, recordingFiles, tellsNever, type Step } from './recording';
import { isLeftOut, leftOut } from './left-out';
import { departures } from './departures';

/** `latest_build.id` of an answer. */
function fieldOf(answer: unknown, path: string): unknown {
  return path.split('.').reduce((value, name) => (value as Record<string, unknown> | undefined)?.[name], answer);
}

function playedSteps(file: string): { readonly name: string; readonly step: Step }[] {
  const all = readRecording(file).steps.map((step, index) => ({ name: `${index + 1}. ${step.title}`, step }));
  return all.filter(({ step }) => !isLeftOut(file, step.title));
}

test('there are recordings, and every departure and every step left out names one that exists', () => {
  const countOf = (count: (file: string) => number) => recordingFiles.reduce((sum, file) => sum + count(file), 0);
  expect(countOf(file => readRecording(file).steps.length)).toBe(2210);
  expect(countOf(file => playedSteps(file).length)).toBe(2058);
  for (const { file, step } of departures) {
    expect(readRecording(file).steps.map(({ title }) => title)).toContain(step);
  }
  for (const { file, steps = [] } of leftOut) {
    expect(readRecording(file).steps.map(({ title }) => title)).toEqual(expect.arrayContaining([...steps]));
  }
});

describe.each(recordingFiles.filter(file => playedSteps(file).length > 0))('%s', file => {
  const recording = readRecording(file);
  const played = playedSteps(file);
  const bindings = new Bindings(tellsNever(file));
  let double: CoderDouble;

  beforeAll(async () => {
    const server = recording.server ?? {};
    double = await startCoderDouble({
      ...(server.apiRateLimitPerMinute !== undefined && { rateLimitPerMinute: server.apiRateLimitPerMinute }),
      licence: server.licence ?? true,
      oidc: server.oidc ?? true,
      oidcAllowSignups: server.oidcAllowSignups ?? true,
      aiGateway: server.aiGateway ?? true,
      ...(server.databaseLocale !== undefined && { databaseLocale: server.databaseLocale }),
      ...(server.userLimit !== undefined && { userLimit: server.userLimit }),
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
      const saved = fieldOf(actual, path);
      if (typeof saved === 'string') bindings.bind(name, saved);
    }
    const departure = departures.find(each => each.file === file && each.step === step.title);
    const expected = departure?.mend ? departure.mend(response.body) : response.body;
    const received = departure?.shorten ? departure.shorten(actual) : actual;
    expect(compareBody(expected, received, bindings, step.shortened)).toBeUndefined();
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

  function playTemplate({ template, save = {} }: Step): void {
    const { name = '', organization = '', everyoneMayUse = true } = template ?? {};
    const { id, activeVersionId } = double.addTemplate(name, bindings.fill(organization), everyoneMayUse);
    for (const [placeholder, field] of Object.entries(save))
      bindings.bind(placeholder, field === 'id' ? id : activeVersionId);
  }

  function playLifecycle({ response }: Step): void {
    expect(compareBody(response?.transitions, double.runLifecycle(), bindings)).toBeUndefined();
  }

  function playCalls({ interceptions }: Step): void {
    if (!interceptions) throw new Error('the step has no calls');
    const { user, count, from, model, session, prompt, payingGroup, costMicrosEach = 0 } = interceptions;
    double.useAi(bindings.fill(user), {
      count,
      from,
      model,
      session: session ?? undefined,
      prompt: prompt ?? undefined,
      paid: payingGroup === undefined ? undefined : { group: bindings.fill(payingGroup), costMicrosEach },
    });
  }

  test.each(played)('$name', async ({ step }) => {
    if (step.parallel !== undefined) expect(await playRace(double, step)).toEqual(step.answers);
    else if (step.template) playTemplate(step);
    else if (step.interceptions) playCalls(step);
    else if (step.lifecycle) playLifecycle(step);
    else if (step.oidcLogin) playSignIn(step);
    else await playRequest(step);
  });
});
