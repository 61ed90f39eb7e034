/** The end of an app as an operator meets it: protected, waited for, held, restored. */
import { app, expectCode, said, useStage } from './stage';

const stage = useStage();
const unprotected = 'deletion_protection = false';

const held = {
  id: 'hold-7',
  app: 'okta',
  reason: 'more than 20 % would lose a role',
  people: 31,
  createdAt: '2030-01-01T00:00:00Z',
  changes: ['alice: loses owner'],
};

test('an app with people is protected: the plan of its end is refused, nothing is changed', async () => {
  await stage.deploy(app());
  await stage.api.addPerson('okta', 'alice@example.com');
  for (const planned of [stage.terraform.plan('-destroy'), undefined]) {
    if (planned === undefined) stage.write(app({ name: 'renamed' }));
    const refused = expectCode(await (planned ?? stage.terraform.plan()), 1);
    expect(said(refused.stderr)).toContain('app "okta" is protected from deletion with coderscim_app.main');
    expect(said(refused.stderr)).toContain('It has 1 person');
    expect(said(refused.stderr)).toContain('set deletion_protection = false');
  }
  expect((await stage.api.client.listApps()).apps).toHaveLength(1);

  stage.write(app({ rest: unprotected }));
  expect(expectCode(await stage.terraform.plan(), 2).stdout).toMatch(
    /resource "coderscim_app" "main" \{\n\s+~ deletion_protection = true -> false\n/,
  );
  expectCode(await stage.terraform.applyPlan(), 0);
  expect((await stage.api.client.getApp('okta')).generation).toBe(1);
  expectCode(await stage.terraform.destroy(), 0);
  expect((await stage.api.client.listApps()).apps).toEqual([]);
});

test('the same for a replacement that is asked for', async () => {
  await stage.deploy(app());
  await stage.api.addPerson('okta', 'alice@example.com');
  const refused = expectCode(await stage.terraform.plan('-replace=coderscim_app.main'), 1);
  expect(said(refused.stderr)).toContain('app "okta" is protected from deletion');

  await stage.deploy(app({ rest: unprotected }));
  expectCode(await stage.terraform.plan('-replace=coderscim_app.main'), 2);
  expectCode(await stage.terraform.applyPlan(), 0);
  await stage.isQuiet();
});

test('an app under another address, without a moved block, is neither ended nor made', async () => {
  await stage.deploy(app({ rest: unprotected }));
  for (const name of ['"okta"', 'terraform_data.name.output']) {
    const resource = app({ rest: unprotected, resource: 'renamed' }).replace('"okta"', name);
    stage.write(`${resource}\nresource "terraform_data" "name" {\n  input = "okta"\n}`);
    if (name !== '"okta"') expectCode(await stage.terraform.apply('-target=terraform_data.name'), 0);
    const refused = expectCode(await stage.terraform.plan(), 1);
    expect(said(refused.stderr)).toMatch(/under another address|app "okta" exists already/);
  }
  expect((await stage.api.client.getApp('okta')).generation).toBe(1);
});

test('where no bridge is, nothing is believed to be gone', async () => {
  await stage.deploy(app({ rest: unprotected }));
  stage.write(app({ rest: unprotected }), `url = "${stage.api.url}/coder"`);
  const { terraform } = stage;
  for (const run of [() => terraform.plan(), () => terraform.destroy(), () => terraform.destroy('-refresh=false')])
    expect(said(expectCode(await run(), 1).stderr)).toContain('url is no address of a bridge');
  expect(await stage.terraform.attributes('coderscim_app.main')).toMatchObject({ name: 'okta' });
  expect((await stage.api.client.listApps()).apps).toHaveLength(1);
});

test('what is gone is believed of an admin API that can not list its apps', async () => {
  await stage.deploy(app());
  await stage.api.client.deleteApp('okta', 'any');
  stage.api.isListBroken = true;
  expect(expectCode(await stage.terraform.plan(), 2).stdout).toContain('Plan: 1 to add, 0 to change, 0 to destroy.');
});

test('an app without people is not in the way', async () => {
  await stage.deploy(app());
  expectCode(await stage.terraform.destroy(), 0);
});

test('a removal that is held fails, says what is held and how to release it, and stays in the state', async () => {
  await stage.deploy(app({ rest: unprotected }));
  stage.api.holds = [held];
  const refused = expectCode(await stage.terraform.destroy(), 1);
  expect(said(refused.stderr)).toContain('the removal of app "okta" is held');
  expect(said(refused.stderr)).toContain('31 people still have in Coder what it gave them');
  expect(said(refused.stderr)).toContain('alice: loses owner');
  expect(said(refused.stderr)).toContain('coder-scim release hold-7');
  expect(await stage.terraform.attributes('coderscim_app.main')).toMatchObject({ name: 'okta' });

  // The operator releases it; the next destroy goes on where this one ended.
  stage.api.holds = [];
  expectCode(await stage.terraform.destroy(), 0);
  expect(await stage.terraform.attributes('coderscim_app.main')).toBeUndefined();
});

test('whoever restores an app whose removal is held keeps it from a destroy that was planned before', async () => {
  await stage.deploy(app({ rest: unprotected }));
  const document = await stage.api.client.getApp('okta');
  stage.api.holds = [held];
  expectCode(await stage.terraform.destroy(), 1);
  expectCode(await stage.terraform.run('refresh', '-input=false', '-no-color'), 0);

  stage.api.holds = [];
  await stage.api.client.putApp(document.state, 'absent');
  const refused = expectCode(await stage.terraform.destroy('-refresh=false'), 1);
  expect(said(refused.stderr)).toContain('app "okta" was changed after this plan was made');
  expect((await stage.api.client.listApps()).apps).toHaveLength(1);
});

test('a removal is waited for, as long as configuration says', async () => {
  await stage.deploy(app({ rest: `${unprotected}\ntimeouts = { delete = "1s" }` }));
  const waiting = {
    key: 'person:1',
    app: 'okta',
    subject: 'bob',
    reason: 'Coder answered 502',
    attempts: 3,
    since: '',
  };
  stage.api.pending = [{ ...waiting, state: 'waiting' }];
  const refused = expectCode(await stage.terraform.destroy(), 1);
  expect(said(refused.stderr)).toContain('the removal of app "okta" is not done yet');
  expect(said(refused.stderr)).toContain('bob: Coder answered 502');

  const destroying = stage.terraform.start(['destroy', '-auto-approve', '-input=false', '-no-color']);
  await destroying.said(/Destroying\.\.\./);
  stage.api.pending = [];
  await stage.api.purge();
  expectCode(await destroying.ended, 0);
});

test('a removal while a recovery is pending is not waited for: somebody has to end that first', async () => {
  await stage.deploy(app({ rest: `${unprotected}\ntimeouts = { delete = "20s" }` }));
  stage.api.recovery = 'the database is older than what Coder has seen';
  stage.api.recoveryPending = true;
  stage.api.pending = [
    {
      key: 'person:1',
      app: 'okta',
      subject: 'bob',
      reason: 'not begun',
      attempts: 0,
      since: '',
      state: 'waiting',
    },
  ];
  const refused = said(expectCode(await stage.terraform.destroy(), 1).stderr);
  expect(refused).toContain('the removal of app "okta" waits for the end of a recovery');
  expect(refused).toContain('the database is older than what Coder has seen');
  expect(refused).toContain('`coder-scim recover` shows what differs, and ends it');
  expect(await stage.terraform.attributes('coderscim_app.main')).toMatchObject({ name: 'okta' });
});

test('a removal while a database is compared with Coder is waited for: that ends by itself', async () => {
  await stage.deploy(app({ rest: unprotected }));
  stage.api.recovery = 'not known yet whether the database is current: Coder is away';
  stage.api.pending = [
    { key: 'person:1', app: 'okta', subject: 'bob', reason: 'not begun', attempts: 0, since: '', state: 'waiting' },
  ];
  const destroying = stage.terraform.start(['destroy', '-auto-approve', '-input=false', '-no-color']);
  await destroying.said(/Destroying\.\.\./);
  stage.api.recovery = null;
  stage.api.pending = [];
  await stage.api.purge();
  expectCode(await destroying.ended, 0);
});

test('an app whose removal is held comes back by an apply of the stack that has it', async () => {
  await stage.deploy(app({ rest: unprotected }));
  stage.api.holds = [held];
  expectCode(await stage.terraform.destroy(), 1);
  stage.api.holds = [];
  stage.api.foreseen = {
    changes: [
      {
        app: 'okta',
        subject: 'alice',
        action: 'account.activate',
        target: null,
        before: 'suspended',
        after: 'active',
        because: null,
        removal: false,
      },
    ],
    adoption: { matched: [], created: [], held: [], strangers: [] },
    problems: [],
    holds: [],
    seats: null,
  };
  const plan = expectCode(await stage.terraform.plan(), 2).stdout;
  expect(plan).toContain('Plan: 0 to add, 1 to change, 0 to destroy.');
  // Whoever lets people in again reads whom, and what for.
  expect(said(plan)).toMatch(/Warning: app "okta" is being removed since \d{4}-\d\d-\d\dT\S+; this apply restores it/);
  expect(said(plan)).toContain('Warning: in Coder, app "okta" would give or create 1, and take away 0');
  expect(said(plan)).toContain('- alice: account.activate suspended → active');
  expectCode(await stage.terraform.applyPlan(), 0);
  expect((await stage.api.client.getApp('okta')).state.roleMappings['admins']).toMatchObject({ role: 'owner' });
  await stage.isQuiet();
});

test('a timeout that is no duration is refused', async () => {
  stage.write(app({ rest: 'timeouts = { create = "5 minutes" }' }));
  const refused = expectCode(await stage.terraform.validate(), 1);
  expect(said(refused.stderr)).toContain('Got "5 minutes", wanted one such as "30s", "5m" or "1h30m"');
});
