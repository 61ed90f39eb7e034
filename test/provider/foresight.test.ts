/** What an apply would do in Coder is in the plan, before anybody says yes. */
import { app, expectCode, said, useStage } from './stage';

const stage = useStage();

const change = {
  app: 'okta',
  subject: '',
  action: 'group.create',
  target: 'coder/developers',
  before: null,
  after: 'present',
  because: 'groupMappings/developers',
  removal: false,
};

const nobody = { matched: [], created: [], held: [], strangers: [] };

test('a plan lists what its apply would give, make and take, with what the guard would hold', async () => {
  const loses = (subject: string) => ({
    ...change,
    subject,
    action: 'site-roles.set',
    target: null,
    before: 'auditor',
    after: 'none',
    because: null,
    removal: true,
  });
  stage.api.foreseen = {
    changes: [change, ...Array.from({ length: 8 }, (_, index) => loses(`person${index}`))],
    adoption: nobody,
    problems: ['roleMappings/x: organization "lab" has no role "y"'],
    holds: [{ id: 'h', app: 'okta', reason: 'plan-too-large', people: 8, createdAt: '', changes: [] }],
    seats: null,
  };
  stage.write(app());
  const plan = said(expectCode(await stage.terraform.plan(), 2).stdout);
  expect(plan).toContain('Warning: in Coder, app "okta" would give or create 1, and take away 8');
  expect(plan).toContain('- the guard would hold what 8 people lose (plan-too-large)');
  expect(plan).toContain('- roleMappings/x: organization "lab" has no role "y"');
  expect(plan).toContain(
    '- person0, person1, person2, person3, person4 and 3 more: site-roles.set auditor → none - group.create coder/developers nothing → present, because of groupMappings/developers',
  );
  expectCode(await stage.terraform.applyPlan(), 0);
  // Where the document stays as it is, an apply does nothing.
  expect(said(expectCode(await stage.terraform.plan(), 0).stdout)).not.toContain('would give or create');
});

test('a plan of the end of an app lists who would lose what by it, and so does one of another name', async () => {
  const rest = 'deletion_protection = false';
  await stage.deploy(app({ rest }));
  const ends = 'Warning: in Coder, the end of app "okta" would give or create 0, and take away 1';
  stage.api.foreseen = {
    changes: [{ ...change, subject: 'alice', action: 'account.suspend', target: null, because: null, removal: true }],
    adoption: nobody,
    problems: [],
    holds: [],
    seats: null,
  };
  const destroy = said(expectCode(await stage.terraform.plan('-destroy'), 2).stdout);
  expect(destroy).toContain(ends);
  expect(destroy).toContain('- alice: account.suspend');
  stage.write(app({ name: 'renamed', rest }));
  expect(said(expectCode(await stage.terraform.plan(), 2).stdout)).toContain(ends);

  stage.api.foreseen = undefined;
  expect(said(expectCode(await stage.terraform.plan('-destroy'), 2).stdout)).toContain(
    'Warning: what the end of app "okta" would change in Coder is not known',
  );
  expectCode(await stage.terraform.destroy(), 0);
});

test('where Coder is as declared already, or can not be asked, the plan is none the worse', async () => {
  stage.write(app());
  expect(said(expectCode(await stage.terraform.plan(), 2).stdout)).not.toContain('Warning');

  stage.api.foreseen = undefined;
  const unknown = said(expectCode(await stage.terraform.plan(), 2).stdout);
  expect(unknown).toContain('Warning: what app "okta" would change in Coder is not known');
  expectCode(await stage.terraform.applyPlan(), 0);
});

test('a plan waits for its turn where the bridge makes others at the moment', async () => {
  stage.api.foreseen = { changes: [change], adoption: nobody, problems: [], holds: [], seats: null };
  stage.api.plansBefore = 2;
  stage.write(app());
  const plan = said(expectCode(await stage.terraform.plan(), 2).stdout);
  expect(plan).toContain('Warning: in Coder, app "okta" would give or create 1, and take away 0');
  expect(stage.api.plansBefore).toBeLessThan(0);
});

test('a document that the bridge refuses fails the plan at the attribute, before anything is applied', async () => {
  stage.api.mistakes = [{ path: ['roleMappings', 'admins', 'role'], message: 'is not known here: wanted "auditor"' }];
  stage.write(app());
  const refused = said(expectCode(await stage.terraform.plan(), 1).stderr);
  expect(refused).toMatch(/the mapping state is refused.*At role_mappings\["admins"\]\.role: is not known here/);
  stage.api.mistakes = [];
  await stage.deploy(app());
});

test('a token that keeps its name and gets another secret is told: the one before is refused from then on', async () => {
  const [before, after] = [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`];
  await stage.deploy(app({ digest: before }));
  stage.write(app({ digest: after }));
  const rotated = said(expectCode(await stage.terraform.plan(), 2).stdout);
  expect(rotated).toContain('Warning: token "main" gets another secret under its name');
  expect(rotated).toContain('declare a second one beside it');
  // Beside it, and in the next step without it: nobody is refused in between.
  const second = app({ digest: before }).replace(
    'tokens = {',
    `tokens = {\n    next = { digest = "${after}", expires_at = "2099-01-01T00:00:00Z" }`,
  );
  expect(said((await stage.deploy(second)).plan.stdout)).not.toContain('another secret');
  stage.write(app({ digest: after }).replace('main = {', 'next = {'));
  expect(said(expectCode(await stage.terraform.plan(), 2).stdout)).not.toContain('another secret');
});

test('a token that another app of the bridge has fails the plan at its digest, as the apply would fail', async () => {
  await stage.deploy(app());
  const taken = `sha256:${'b'.repeat(64)}`;
  await stage.api.client.putApp(
    {
      version: 1,
      app: 'entra',
      identityProvider: 'entra',
      tokens: { main: { digest: taken, expiresAt: '2099-01-01T00:00:00Z' } },
    },
    'absent',
  );
  for (const name of ['okta', 'other']) {
    stage.write(app({ name, digest: taken, rest: 'deletion_protection = false' }));
    const refused = said(expectCode(await stage.terraform.plan(), 1).stderr);
    expect(refused).toContain('At tokens["main"].digest');
    expect(refused).toContain('token "main" has the digest of a token of app "entra": wanted a token of its own');
  }
});

test('a token moves from one app to another that depends on it, in one apply', async () => {
  const moving = `sha256:${'c'.repeat(64)}`;
  await stage.deploy(app({ digest: moving }));
  const taking = app({ resource: 'second', name: 'entra', digest: moving, rest: 'depends_on = [coderscim_app.main]' });
  stage.write(`${app({ digest: `sha256:${'d'.repeat(64)}` })}\n${taking}`);
  expectCode(await stage.terraform.plan(), 2);
  expectCode(await stage.terraform.apply(), 0);
});
