/** The provider as an operator meets it: real Terraform, and the bridge's own admin API. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ADMIN_TOKEN } from './admin-api';
import { app, expectCode, said, useStage } from './stage';

const stage = useStage();
import { until } from '../support/until';

/** Somebody else changes the app. */
async function edit(change: (state: Record<string, unknown>) => object): Promise<void> {
  const { state, generation } = await stage.api.client.getApp('okta');
  await stage.api.client.putApp({ ...state, ...change({ ...state }) }, { generation });
}

test('the plan is a table of mappings, and a change shows the change', async () => {
  const { plan } = await stage.deploy(app());
  expect(plan.stdout).toContain(`      + role_mappings       = {
          + "admins" = {
              + idp_group = "coder-admins"
              + role      = "owner"
            },
          + "platform" = {
              + idp_group = "coder-platform"
              + role      = "template-admin"
            },
        }`);
  const { state, generation } = await stage.api.client.getApp('okta');
  expect(generation).toBe(1);
  expect(state.roleMappings).toEqual({
    admins: { idpGroup: 'coder-admins', role: 'owner' },
    platform: { idpGroup: 'coder-platform', role: 'template-admin' },
  });
  await stage.isQuiet();

  const change = await stage.deploy(
    app({ platform: 'auditor', more: 'more = { idp_group = "x", role = "user-admin" }' }),
  );
  expect(change.plan.stdout).toContain(`  ~ resource "coderscim_app" "main" {
      ~ generation          = 1 -> (known after apply)
        name                = "okta"
      ~ role_mappings       = {
          + "more" = {
              + idp_group = "x"
              + role      = "user-admin"
            },
          ~ "platform" = {
              ~ role      = "template-admin" -> "auditor"
                # (1 unchanged attribute hidden)
            },
            # (1 unchanged element hidden)
        }`);
  expect(change.plan.stdout).toContain('Plan: 0 to add, 1 to change, 0 to destroy.');
  expect(await stage.terraform.attributes('coderscim_app.main')).toMatchObject({
    generation: 2,
    scim_base_url: 'https://scim.example.test/apps/okta/scim/v2',
  });
  await stage.isQuiet();

  expectCode(await stage.terraform.destroy(), 0);
  expect((await stage.api.client.listApps()).apps).toEqual([]);
});

test('every kind of setting arrives, and is not asked for again', async () => {
  await stage.deploy(
    app({
      rest: `
        mode                  = "claims"
        organization_mappings = { all = { idp_group_external_id = "00g1", organization = "eng" } }
        custom_roles = {
          reader = { name = "template-reader", permissions = [
            { resource_type = "template", action = "read" },
            { resource_type = "template", action = "use", negate = false },
          ] }
        }
        pushed_groups = { prefix = "$\${coder}-" }
        policies      = { leaving = "delete" }
        guard         = { protected_accounts = ["zoe", "amy"] }
        claims        = { groups = "memberOf" }`,
    }),
  );
  expect((await stage.api.client.getApp('okta')).state).toMatchObject({
    mode: 'claims',
    customRoles: { reader: { organization: 'default', permissions: [{ negate: false }, { negate: false }] } },
    pushedGroups: { prefix: '${coder}-', create: true },
    policies: { leaving: 'delete', drift: 'repair' },
    guard: { protectedAccounts: ['amy', 'zoe'], minOwners: 1 },
    claims: { groups: 'memberOf', roles: 'groups' },
  });
  await stage.isQuiet();
});

test('what somebody changed at the bridge is a difference, defaults included; what is gone is created', async () => {
  await stage.deploy(app());
  await edit(state => ({
    roleMappings: { admins: { idpGroup: 'coder-admins', role: 'auditor' }, extra: { idpGroup: 'y', role: 'owner' } },
    policies: { ...(state['policies'] as object), drift: 'off' },
  }));
  const drift = expectCode(await stage.terraform.plan(), 2);
  expect(drift.stdout).toContain('~ role      = "auditor" -> "owner"');
  expect(drift.stdout).toContain('- "extra" = {');
  expect(drift.stdout).toContain('+ "platform" = {');
  expect(drift.stdout).toMatch(/~ drift += "off" -> "repair"/);
  expectCode(await stage.terraform.applyPlan(), 0);
  await stage.isQuiet();

  await stage.api.client.deleteApp('okta', 'any');
  expect((await stage.terraform.plan()).stdout).toContain('Plan: 1 to add, 0 to change, 0 to destroy.');
});

test('an app that changed after the plan is left alone, and the error says what differs', async () => {
  await stage.deploy(app());
  stage.write(app({ platform: 'auditor' }));
  expectCode(await stage.terraform.plan(), 2);
  await edit(() => ({ roleMappings: { admins: { idpGroup: 'everybody', role: 'owner' } } }));
  const refused = expectCode(await stage.terraform.applyPlan(), 1);
  const said = refused.stderr.replace(/\s+/g, ' ');
  expect(said).toContain('app "okta" was changed after this plan was made');
  expect(said).toContain('The plan was made against generation 1; the bridge is at generation 2');
  expect(said).toContain('role_mappings["admins"].idp_group, role_mappings["platform"]');
  expect((await stage.api.client.getApp('okta')).state.roleMappings).toEqual({
    admins: { idpGroup: 'everybody', role: 'owner' },
  });

  expect((await stage.terraform.plan()).stdout).toContain('~ idp_group = "everybody" -> "coder-admins"');
  expectCode(await stage.terraform.applyPlan(), 0);

  // The same for a delete.
  expectCode(await stage.terraform.plan('-destroy'), 2);
  await edit(() => ({ mode: 'claims' }));
  expect((await stage.terraform.applyPlan()).stderr).toContain('was changed after this plan was made');
  expect((await stage.api.client.listApps()).apps).toHaveLength(1);
});

test('what became another one after the plan is told, and is a difference of the next', async () => {
  stage.api.groups = {};
  await stage.deploy(app());
  stage.write(app({ rest: 'timeouts = { update = "1m" }' }));
  expectCode(await stage.terraform.plan(), 2);
  // Coder has the group by now, somebody has changed the app and changed it back, and the bridge has another public URL.
  stage.api.groups = { developers: 'id-of-developers' };
  await edit(() => ({ mode: 'claims' }));
  await edit(() => ({ mode: 'push' }));
  stage.api.publicUrl = 'https://other.example.test';
  await stage.api.listen();
  const applied = expectCode(await stage.terraform.applyPlan(), 0);
  expect(said(applied.stdout)).toContain(
    'the address for the identity provider is another one than when this was planned',
  );
  const before = await stage.terraform.attributes('coderscim_app.main');
  expect(before).toMatchObject({ generation: 1, scim_base_url: 'https://scim.example.test/apps/okta/scim/v2' });
  expect(before).toMatchObject({ group_ids: { developers: 'id-of-developers' } });
  expectCode(await stage.terraform.apply(), 0);
  expect(await stage.terraform.attributes('coderscim_app.main')).toMatchObject({
    generation: 3,
    scim_base_url: 'https://other.example.test/apps/okta/scim/v2',
  });
  await stage.isQuiet();
});

test('an app that exists is not taken over by a create, but can be imported', async () => {
  await stage.deploy(app());
  expectCode(await stage.terraform.run('state', 'rm', 'coderscim_app.main'), 0);
  const refused = expectCode(await stage.terraform.plan(), 1);
  expect(refused.stderr.replace(/\s+/g, ' ')).toContain('app "okta" exists already');
  expect(refused.stderr).toMatch(/name +.*= "okta"/);

  const missing = expectCode(await stage.terraform.import('coderscim_app.main', 'entra'), 1);
  expect(missing.stderr.replace(/\s+/g, ' ')).toContain('The bridge has: okta.');
  expectCode(await stage.terraform.import('coderscim_app.main', 'okta'), 0);
  await stage.isQuiet();
});

test('a mistake is found without the bridge, at its attribute', async () => {
  await stage.api.hangUp();
  stage.write(app({ platform: 'template-amdin', rest: 'guard = { max_removals_percent = 200 }' }));
  const { stdout } = await stage.terraform.run('validate', '-json');
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { detail: string; snippet: { code: string } }[] };
  expect(diagnostics).toHaveLength(2);
  expect(diagnostics.map(({ snippet }) => snippet.code.split('\n')[0]?.trim()).sort()).toEqual([
    'guard = { max_removals_percent = 200 }',
    'role_mappings = {',
  ]);
  expect(diagnostics.map(({ detail }) => detail).sort()).toEqual([
    expect.stringContaining('At guard.max_removals_percent: '),
    expect.stringContaining(
      'At role_mappings["platform"].role: unknown site role "template-amdin": wanted one of owner',
    ),
  ]);
});

test('what only the bridge knows is told at the attribute too', async () => {
  const tokens = { first: { digest: `sha256:${'a'.repeat(64)}`, expiresAt: '2099-01-01T00:00:00Z' } };
  await stage.api.client.putApp({ version: 1, app: 'elsewhere', tokens }, 'absent');
  stage.write(app());
  const refused = expectCode(await stage.terraform.apply(), 1);
  expect(said(refused.stderr)).toMatch(/tokens = \{.*At tokens\["main"\]\.digest: .*"elsewhere"/);
});

test('a bridge that does not answer, or not yet', async () => {
  await stage.api.hangUp();
  stage.write(app(), 'wait_seconds = 1');
  expectCode(await stage.terraform.plan(), 2);
  const refused = expectCode(await stage.terraform.applyPlan(), 1);
  expect(refused.stderr.replace(/\s+/g, ' ')).toMatch(
    /does not answer: .*ECONNREFUSED.* \(asked \d+ times in 1 seconds\)/,
  );

  stage.write(app());
  await stage.api.breakConnections();
  const applying = stage.terraform.apply();
  await until('the second question', () => stage.api.knocks >= 2);
  await stage.api.listen();
  expectCode(await applying, 0);
  await stage.isQuiet();
});

test.each(['all', 'body'] as const)(
  "an answer that got lost (%s) does not make a write that was done look like somebody else's",
  async loses => {
    stage.api.loses = loses;
    stage.api.answersToLose = 1;
    await stage.deploy(app());
    stage.api.answersToLose = 2;
    await stage.deploy(app({ platform: 'auditor' }));
    expect((await stage.api.client.getApp('okta')).generation).toBe(2);
    await stage.isQuiet();
  },
);

test('Ctrl-C ends the wait for a bridge', async () => {
  await stage.api.breakConnections();
  stage.write(app(), 'wait_seconds = 600');
  const run = stage.terraform.start(['apply', '-auto-approve', '-input=false', '-no-color']);
  await run.said(/Creating\.\.\./);
  const before = stage.api.knocks;
  await until('the provider to ask again and again', () => stage.api.knocks >= before + 2);
  run.interrupt();
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([1, expect.stringContaining('create coderscim_app was interrupted')]);
});

test('Ctrl-C ends the wait for Coder, and what was written is in the state', async () => {
  stage.api.pending = [
    {
      key: 'app:okta',
      app: 'okta',
      subject: null,
      state: 'waiting',
      reason: 'Coder answered 502',
      attempts: 1,
      since: '',
    },
  ];
  stage.write(app({ rest: 'deletion_protection = false\ntimeouts = { create = "30m" }' }));
  const run = stage.terraform.start(['apply', '-auto-approve', '-input=false', '-no-color']);
  await run.said(/Creating\.\.\./);
  await until('the provider to wait for Coder', () => stage.api.statusReads >= 2);
  run.interrupt();
  expect(said((await run.ended).stdout)).toContain('Warning: app "okta" is accepted');
  expect(await stage.terraform.attributes('coderscim_app.main')).toMatchObject({ name: 'okta', generation: 1 });

  stage.api.pending = [];
  await stage.isQuiet();
  expectCode(await stage.terraform.destroy(), 0);
  expect((await stage.api.client.listApps()).apps).toEqual([]);
});

test('a wrong or missing credential is named, and never shown', async () => {
  stage.write(app(), 'admin_token = "wrong-secret-token"');
  const wrong = expectCode(await stage.terraform.plan(), 1);
  expect(wrong.stderr).toContain('the bridge refuses the admin token');
  expect(wrong.output).not.toContain('wrong-secret-token');

  delete stage.terraform.environment['CODER_SCIM_ADMIN_TOKEN'];
  stage.write(app());
  expect(expectCode(await stage.terraform.plan(), 2).stdout).toContain('Warning: the bridge was not asked');
  const missing = expectCode(await stage.terraform.applyPlan(), 1);
  expect(missing.stderr.replace(/\s+/g, ' ')).toContain('Set CODER_SCIM_ADMIN_TOKEN or CODER_SCIM_ADMIN_TOKEN_FILE');

  const tokenFile = join(stage.terraform.folder, 'token');
  writeFileSync(tokenFile, `${ADMIN_TOKEN}\n`);
  stage.terraform.environment['CODER_SCIM_ADMIN_TOKEN_FILE'] = tokenFile;
  expectCode(await stage.terraform.apply(), 0);
  expect(readFileSync(join(stage.terraform.folder, 'terraform.tfstate'), 'utf8')).not.toContain(ADMIN_TOKEN);
});

test('a file with more than the admin token is refused at once, and what it has is in no output', async () => {
  const tokenFile = join(stage.terraform.folder, 'token');
  writeFileSync(tokenFile, `admin credential "terraform", shown once:\n${ADMIN_TOKEN}\n`);
  delete stage.terraform.environment['CODER_SCIM_ADMIN_TOKEN'];
  stage.terraform.environment['CODER_SCIM_ADMIN_TOKEN_FILE'] = tokenFile;
  stage.write(app());
  const plan = expectCode(await stage.terraform.plan(), 1);
  expect(said(plan.stderr)).toMatch(/the admin token can not be used .* has \d+ characters \(not shown\)/);
  expect(plan.output).not.toContain(ADMIN_TOKEN);
});

test('a bridge whose address is known after apply only can be planned against', async () => {
  stage.write(
    `${app({ more: 'later = { idp_group = terraform_data.bridge.output, role = "auditor" }' })}
    resource "terraform_data" "bridge" { input = "${stage.api.url}" }`,
    'url = terraform_data.bridge.output',
  );
  const plan = expectCode(await stage.terraform.plan(), 2);
  expect(plan.stdout).toMatch(/\+ idp_group = \(known after apply\)/);
  expectCode(await stage.terraform.applyPlan(), 0);
  expect((await stage.api.client.getApp('okta')).state.roleMappings['later']?.idpGroup).toBe(stage.api.url);
  await stage.isQuiet();
});

test('what Coder does not agree with yet is a warning, with the reason', async () => {
  stage.api.holds = [
    {
      id: 'h1',
      app: 'okta',
      reason: 'more than 20 % would lose a role',
      people: 31,
      createdAt: '2030-01-01T00:00:00Z',
      changes: [],
    },
  ];
  const { apply } = await stage.deploy(app());
  const said = apply.stdout.replace(/\s+/g, ' ');
  expect(said).toContain('Warning: app "okta" is accepted, Coder does not agree with it yet');
  expect(said).toContain('held until released: more than 20 % would lose a role (31 people)');

  await stage.deploy(`${app()}
    data "coderscim_status" "now" {}
    output "status" { value = data.coderscim_status.now }`);
  const { stdout } = await stage.terraform.run('output', '-json', 'status');
  expect(JSON.parse(stdout)).toMatchObject({
    version: '9.9.9',
    converged: false,
    coder: { reachable: true, version: 'v2.36.0' },
    apps: { okta: { generation: 1, converged: false } },
    holds: [{ id: 'h1', people: 31 }],
  });

  // Nor does it agree while something is left of an app that is declared no more.
  stage.api.holds = stage.api.holds.map(hold => ({ ...hold, app: 'deleted' }));
  expectCode(await stage.terraform.apply(), 0);
  const later = await stage.terraform.run('output', '-json', 'status');
  expect(JSON.parse(later.stdout)).toMatchObject({ converged: false, apps: { okta: { converged: true } } });
});

test('a recovery that is pending is told at once, and nothing counts as converged', async () => {
  await stage.deploy(app());
  await stage.deploy(`${app()}
    data "coderscim_status" "now" {}
    output "status" { value = data.coderscim_status.now }`);
  const status = async () =>
    JSON.parse((await stage.terraform.run('output', '-json', 'status')).stdout) as Record<string, unknown>;
  expect(await status()).toMatchObject({ converged: true, recovery: null, apps: { okta: { converged: true } } });

  stage.api.recovery = 'the database is older than what Coder has seen';
  stage.api.recoveryPending = true;
  // A bridge of an earlier version says of each app that all is well.
  expectCode(await stage.terraform.apply(), 0);
  expect(await status()).toMatchObject({
    converged: false,
    recovery: 'the database is older than what Coder has seen',
    apps: { okta: { converged: false } },
  });

  stage.api.pending = [
    { key: 'app:okta', app: 'okta', subject: null, reason: 'not begun', attempts: 0, since: '', state: 'waiting' },
  ];
  stage.write(app({ platform: 'auditor', rest: 'timeouts = { update = "40s" }' }));
  const before = stage.api.statusReads;
  const applied = expectCode(await stage.terraform.apply(), 0).stdout.replace(/\s+/g, ' ');
  expect(applied).toContain('Warning: app "okta" is accepted, Coder does not agree with it yet');
  expect(applied).toContain('does nothing in Coder before the recovery has ended: `coder-scim recover` shows what');
  expect(applied).toContain('- the database is older than what Coder has seen');
  expect(applied).not.toContain('keeps at it by itself');
  // Asked, and not asked again: nothing comes by waiting.
  expect(stage.api.statusReads - before).toBe(1);
});
