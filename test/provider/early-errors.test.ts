/** What is wrong with a stack is told at plan, before anything is written. */
import { app, expectCode, said, useStage } from './stage';

const stage = useStage();
const other = `sha256:${'b'.repeat(64)}`;

test('two resources for one app', async () => {
  stage.write(`${app()}\n${app({ resource: 'again', digest: other })}`);
  const refused = said(expectCode(await stage.terraform.plan(), 1).stderr);
  expect(refused).toContain('two apps are named "okta"');
  expect(refused).toContain('the mappings of both in one resource');

  await stage.deploy(app());
  stage.write(`${app()}\n${app({ resource: 'again', digest: other })}`);
  expect(said(expectCode(await stage.terraform.plan(), 1).stderr)).toContain('two apps are named "okta"');
});

test('one digest in two apps', async () => {
  stage.write(`${app()}\n${app({ resource: 'other', name: 'entra' })}`);
  const refused = said(expectCode(await stage.terraform.plan(), 1).stderr);
  expect(refused).toMatch(/token "main" has the digest of a token of app "(okta|entra)"/);
  expect(refused).toContain('At tokens["main"].digest');
});

test('a replacement is one app, not two', async () => {
  await stage.deploy(app());
  expect(expectCode(await stage.terraform.plan('-replace=coderscim_app.main'), 2).stdout).toContain(
    'Plan: 1 to add, 0 to change, 1 to destroy.',
  );
  expectCode(await stage.terraform.applyPlan(), 0);
  expectCode(await stage.terraform.run('taint', 'coderscim_app.main'), 0);
  await stage.deploy(app());
  await stage.deploy(app({ name: 'renamed' }));
  expect((await stage.api.client.listApps()).apps.map(({ state }) => state.app)).toEqual(['renamed']);
});

test('an expired token is a warning: an urgent removal is not in its way', async () => {
  const client = `oauth_clients = { ping = { digest = "${other}", expires_at = "2020-01-01T00:00:00Z" } }`;
  const { plan, apply } = await stage.deploy(app({ expiresAt: '2020-01-01T00:00:00Z', rest: client }));
  expect(said(plan.stdout)).toContain('Warning: token "main" has expired');
  expect(said(plan.stdout)).toContain('Warning: OAuth client "ping" has expired');
  expect(said(apply.stdout)).toContain('Apply complete!');
});

test('claims mode beside apps that push is a warning', async () => {
  await stage.deploy(app());
  const claims = app({ resource: 'claims', name: 'entra', digest: other, rest: 'mode = "claims"' });
  stage.write(`${app()}\n${claims}`);
  const { stdout } = expectCode(await stage.terraform.plan(), 2);
  expect(said(stdout)).toContain('Warning: app "entra" and others of one Coder have different modes');
  expect(said(stdout)).toContain('which holds what app "okta" of the same Coder would push');
  expectCode(await stage.terraform.applyPlan(), 0);
  expect(expectCode(await stage.terraform.plan(), 0).stdout).not.toContain('different modes');
});

test('messages name attributes as configuration does, and never show a secret', async () => {
  const secret = `cscim_0123456789ab_${'7'.repeat(64)}_01234567`;
  stage.write(app({ more: 'nobody = { role = "owner" }', digest: secret }));
  const ran = expectCode(await stage.terraform.run('validate', '-json'), 1);
  const { diagnostics } = JSON.parse(ran.stdout) as { diagnostics: { detail: string }[] };
  const details = diagnostics.map(({ detail }) => detail).join('\n');
  expect(details).toContain('names no group: wanted exactly one of idp_group and idp_group_external_id');
  expect(details).toMatch(/this is the secret, not its digest: .*revoke it/);
  expect(details).not.toContain('777');
});

test.each([
  ['ftp://scim.example.com', 'is "ftp://scim.example.com": wanted the base URL of the bridge'],
  ['scim.example.com', 'is "scim.example.com": wanted'],
  ['https://u:pass@scim.example.com', 'has a credential inside'],
  ['https://scim.example.com/apps/okta/scim/v2', 'an address inside the bridge: leave out "/apps/okta/scim/v2"'],
])('an address that is none: %s', async (url, message) => {
  stage.write(app(), `url = "${url}"`);
  const refused = said(expectCode(await stage.terraform.validate(), 1).stderr);
  expect(refused).toContain('url is no address of a bridge');
  expect(refused).toContain(message);
  expect(refused).not.toContain('u:pass@scim.example.com", wanted');
});
