/** The provider as an operator meets it: real Terraform, and the bridge's own admin API. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROVIDER_SOURCE, PROVIDER_VERSION } from '../../provider/address';
import { bundleProgram, type Ran, Terraform } from '../support/terraform';
import { ADMIN_TOKEN, AdminApi } from './admin-api';

// Each test starts Terraform several times; a busy machine is no failure.
jest.setTimeout(120_000);

const built = mkdtempSync(join(tmpdir(), 'provider-'));
const file = join(built, 'terraform-provider-coderscim');
let api: AdminApi;
let terraform: Terraform;

beforeAll(() => bundleProgram('provider/main.ts', file));
afterAll(() => rmSync(built, { recursive: true, force: true }));

beforeEach(async () => {
  api = await AdminApi.start();
  terraform = new Terraform(undefined, { CODER_SCIM_URL: api.url, CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN });
  terraform.install(PROVIDER_SOURCE, PROVIDER_VERSION, file);
  write('');
  expectCode(await terraform.init(), 0);
});
afterEach(async () => {
  terraform.remove();
  await api.stop();
});

function write(body: string, provider = ''): void {
  terraform.write(`terraform {
  required_providers {
    coderscim = {
      source = "${PROVIDER_SOURCE}"
    }
  }
}
provider "coderscim" {
  ${provider}
}
${body}`);
}

function expectCode(ran: Ran, code: number): Ran {
  if (ran.code !== code) throw new Error(`exit code ${ran.code}, wanted ${code}:\n${ran.output}`);
  return ran;
}

const app = ({
  platform = 'template-admin',
  more = '',
  rest = '',
  name = 'okta',
} = {}) => `resource "coderscim_app" "main" {
  name              = "${name}"
  identity_provider = "okta"
  tokens = {
    main = { digest = "sha256:${'a'.repeat(64)}", expires_at = "2030-01-01T00:00:00Z" }
  }
  group_mappings = {
    developers = { idp_group = "coder-developers", group = "developers" }
  }
  role_mappings = {
    admins   = { idp_group = "coder-admins", role = "owner" }
    platform = { idp_group = "coder-platform", role = "${platform}" }
    ${more}
  }
  ${rest}
}`;

async function deploy(body: string): Promise<{ plan: Ran; apply: Ran }> {
  write(body);
  const plan = expectCode(await terraform.plan(), 2);
  return { plan, apply: expectCode(await terraform.applyPlan(), 0) };
}

const isQuiet = async () => expectCode(await terraform.plan(), 0);

/** Somebody else changes the app. */
async function edit(change: (state: Record<string, unknown>) => object): Promise<void> {
  const { state, generation } = await api.client.getApp('okta');
  await api.client.putApp({ ...state, ...change({ ...state }) }, { generation });
}

test('the plan is a table of mappings, and a change shows the change', async () => {
  const { plan } = await deploy(app());
  expect(plan.stdout).toContain(`      + role_mappings     = {
          + "admins" = {
              + idp_group = "coder-admins"
              + role      = "owner"
            },
          + "platform" = {
              + idp_group = "coder-platform"
              + role      = "template-admin"
            },
        }`);
  const { state, generation } = await api.client.getApp('okta');
  expect(generation).toBe(1);
  expect(state.roleMappings).toEqual({
    admins: { idpGroup: 'coder-admins', role: 'owner' },
    platform: { idpGroup: 'coder-platform', role: 'template-admin' },
  });
  await isQuiet();

  const change = await deploy(app({ platform: 'auditor', more: 'more = { idp_group = "x", role = "user-admin" }' }));
  expect(change.plan.stdout).toContain(`  ~ resource "coderscim_app" "main" {
      ~ generation        = 1 -> (known after apply)
        name              = "okta"
      ~ role_mappings     = {
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
  expect(await terraform.attributes('coderscim_app.main')).toMatchObject({
    generation: 2,
    scim_base_url: 'https://scim.example.test/apps/okta/scim/v2',
  });
  await isQuiet();

  expectCode(await terraform.destroy(), 0);
  expect((await api.client.listApps()).apps).toEqual([]);
});

test('every kind of setting arrives, and is not asked for again', async () => {
  await deploy(
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
  expect((await api.client.getApp('okta')).state).toMatchObject({
    mode: 'claims',
    customRoles: { reader: { organization: 'default', permissions: [{ negate: false }, { negate: false }] } },
    pushedGroups: { prefix: '${coder}-', create: true },
    policies: { leaving: 'delete', drift: 'repair' },
    guard: { protectedAccounts: ['amy', 'zoe'], minOwners: 1 },
    claims: { groups: 'memberOf', roles: 'groups' },
  });
  await isQuiet();
});

test('what somebody changed at the bridge is a difference, defaults included; what is gone is created', async () => {
  await deploy(app());
  await edit(state => ({
    roleMappings: { admins: { idpGroup: 'coder-admins', role: 'auditor' }, extra: { idpGroup: 'y', role: 'owner' } },
    policies: { ...(state['policies'] as object), drift: 'off' },
  }));
  const drift = expectCode(await terraform.plan(), 2);
  expect(drift.stdout).toContain('~ role      = "auditor" -> "owner"');
  expect(drift.stdout).toContain('- "extra" = {');
  expect(drift.stdout).toContain('+ "platform" = {');
  expect(drift.stdout).toContain('~ drift          = "off" -> "repair"');
  expectCode(await terraform.applyPlan(), 0);
  await isQuiet();

  await api.client.deleteApp('okta', 'any');
  expect((await terraform.plan()).stdout).toContain('Plan: 1 to add, 0 to change, 0 to destroy.');
});

test('an app that changed after the plan is left alone, and the error says what differs', async () => {
  await deploy(app());
  write(app({ platform: 'auditor' }));
  expectCode(await terraform.plan(), 2);
  await edit(() => ({ roleMappings: { admins: { idpGroup: 'everybody', role: 'owner' } } }));
  const refused = expectCode(await terraform.applyPlan(), 1);
  const said = refused.stderr.replace(/\s+/g, ' ');
  expect(said).toContain('app "okta" was changed after this plan was made');
  expect(said).toContain('The plan was made against generation 1; the bridge is at generation 2');
  expect(said).toContain('role_mappings["admins"].idp_group, role_mappings["platform"]');
  expect((await api.client.getApp('okta')).state.roleMappings).toEqual({
    admins: { idpGroup: 'everybody', role: 'owner' },
  });

  expect((await terraform.plan()).stdout).toContain('~ idp_group = "everybody" -> "coder-admins"');
  expectCode(await terraform.applyPlan(), 0);

  // The same for a delete.
  expectCode(await terraform.plan('-destroy'), 2);
  await edit(() => ({ mode: 'claims' }));
  expect((await terraform.applyPlan()).stderr).toContain('was changed after this plan was made');
  expect((await api.client.listApps()).apps).toHaveLength(1);
});

test('an app that exists is not taken over by a create, but can be imported', async () => {
  await deploy(app());
  expectCode(await terraform.run('state', 'rm', 'coderscim_app.main'), 0);
  const refused = expectCode(await terraform.plan(), 1);
  expect(refused.stderr.replace(/\s+/g, ' ')).toContain('app "okta" exists already');
  expect(refused.stderr).toMatch(/name +.*= "okta"/);

  const missing = expectCode(await terraform.import('coderscim_app.main', 'entra'), 1);
  expect(missing.stderr.replace(/\s+/g, ' ')).toContain('The bridge has: okta.');
  expectCode(await terraform.import('coderscim_app.main', 'okta'), 0);
  await isQuiet();
});

test('a mistake is found without the bridge, at its attribute', async () => {
  await api.hangUp();
  write(app({ platform: 'template-amdin', rest: 'guard = { max_removals_percent = 200 }' }));
  const { stdout } = await terraform.run('validate', '-json');
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
  await deploy(app());
  write(`${app()}\n${app({ name: 'other' }).replace('"main"', '"other"')}`);
  const refused = expectCode(await terraform.apply(), 1);
  const said = refused.stderr.replace(/[│\s]+/g, ' ');
  expect(said).toMatch(/tokens = \{.*At tokens\["main"\]\.digest: .*"okta"/);
});

test('a bridge that does not answer, or not yet', async () => {
  await api.hangUp();
  write(app(), 'wait_seconds = 1');
  expectCode(await terraform.plan(), 2);
  const refused = expectCode(await terraform.applyPlan(), 1);
  expect(refused.stderr.replace(/\s+/g, ' ')).toMatch(
    /does not answer: .*ECONNREFUSED.* \(asked \d+ times in 1 seconds\)/,
  );

  write(app());
  const applying = terraform.apply();
  await sleep(2_500);
  await api.listen();
  expectCode(await applying, 0);
  await isQuiet();
});

test("an answer that got lost does not make a write that was done look like somebody else's", async () => {
  api.answersToLose = 1;
  await deploy(app());
  api.answersToLose = 2;
  await deploy(app({ platform: 'auditor' }));
  expect((await api.client.getApp('okta')).generation).toBe(2);
  await isQuiet();
});

test('Ctrl-C ends the wait for a bridge', async () => {
  await api.hangUp();
  write(app(), 'wait_seconds = 600');
  const run = terraform.start(['apply', '-auto-approve', '-input=false', '-no-color']);
  await run.said(/Creating\.\.\./);
  await sleep(500);
  run.interrupt();
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([1, expect.stringContaining('create coderscim_app was interrupted')]);
});

test('a wrong or missing credential is named, and never shown', async () => {
  write(app(), 'admin_token = "wrong-secret-token"');
  const wrong = expectCode(await terraform.plan(), 1);
  expect(wrong.stderr).toContain('the bridge refuses the admin token');
  expect(wrong.output).not.toContain('wrong-secret-token');

  delete terraform.environment['CODER_SCIM_ADMIN_TOKEN'];
  write(app());
  expect(expectCode(await terraform.plan(), 2).stdout).toContain('Warning: the bridge was not asked');
  const missing = expectCode(await terraform.applyPlan(), 1);
  expect(missing.stderr.replace(/\s+/g, ' ')).toContain('Set CODER_SCIM_ADMIN_TOKEN or CODER_SCIM_ADMIN_TOKEN_FILE');

  const tokenFile = join(terraform.folder, 'token');
  writeFileSync(tokenFile, `${ADMIN_TOKEN}\n`);
  terraform.environment['CODER_SCIM_ADMIN_TOKEN_FILE'] = tokenFile;
  expectCode(await terraform.apply(), 0);
  expect(readFileSync(join(terraform.folder, 'terraform.tfstate'), 'utf8')).not.toContain(ADMIN_TOKEN);
});

test('a bridge whose address is known after apply only can be planned against', async () => {
  write(
    `${app({ more: 'later = { idp_group = terraform_data.bridge.output, role = "auditor" }' })}
    resource "terraform_data" "bridge" { input = "${api.url}" }`,
    'url = terraform_data.bridge.output',
  );
  const plan = expectCode(await terraform.plan(), 2);
  expect(plan.stdout).toMatch(/\+ idp_group = \(known after apply\)/);
  expectCode(await terraform.applyPlan(), 0);
  expect((await api.client.getApp('okta')).state.roleMappings['later']?.idpGroup).toBe(api.url);
  await isQuiet();
});

test('what Coder does not agree with yet is a warning, with the reason', async () => {
  api.holds = [
    {
      id: 'h1',
      app: 'okta',
      reason: 'more than 20 % would lose a role',
      people: 31,
      createdAt: '2030-01-01T00:00:00Z',
      changes: [],
    },
  ];
  const { apply } = await deploy(app());
  const said = apply.stdout.replace(/\s+/g, ' ');
  expect(said).toContain('Warning: app "okta" is accepted, Coder does not agree with it yet');
  expect(said).toContain('held until released: more than 20 % would lose a role (31 people)');

  await deploy(`${app()}
    data "coderscim_status" "now" {}
    output "status" { value = data.coderscim_status.now }`);
  const { stdout } = await terraform.run('output', '-json', 'status');
  expect(JSON.parse(stdout)).toMatchObject({
    version: '9.9.9',
    converged: false,
    coder: { reachable: true, version: 'v2.36.0' },
    apps: { okta: { generation: 1, converged: false } },
    holds: [{ id: 'h1', people: 31 }],
  });
});
