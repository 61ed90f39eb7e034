/** A resource's whole life under real Terraform, with the demo provider built from the library. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installNullProvider } from '../../support/null-provider/install';
import { type Ran, Terraform } from '../../support/terraform';
import { buildDemoProvider, demoConfiguration, installDemoProvider } from '../../support/demo-provider/install';

let terraform: Terraform;
let items: string;
const demoProvider = buildDemoProvider();

beforeEach(async () => {
  terraform = new Terraform();
  items = join(terraform.folder, 'items');
  mkdirSync(items);
  installDemoProvider(terraform, demoProvider.file);
});
afterEach(() => terraform.remove());
afterAll(() => demoProvider.remove());

/** Plans and applies a configuration, both expected to work. */
async function deploy(body: string): Promise<{ plan: Ran; apply: Ran }> {
  terraform.write(demoConfiguration(items, body));
  if (!readdirSync(terraform.folder).includes('.terraform')) expectCode(await terraform.init(), 0);
  const plan = await terraform.plan();
  expectCode(plan, 2);
  const apply = await terraform.applyPlan();
  expectCode(apply, 0);
  return { plan, apply };
}

function expectCode(ran: Ran, code: number): void {
  if (ran.code !== code) throw new Error(`exit code ${ran.code}, wanted ${code}:\n${ran.output}`);
}

const remote = (name: string) =>
  JSON.parse(readFileSync(join(items, `${name}.json`), 'utf8')) as Record<string, unknown>;
const edit = (name: string, change: object) =>
  writeFileSync(join(items, `${name}.json`), JSON.stringify({ ...remote(name), ...change }));

const RULES = `resource "demo_item" "a" {
  name  = "a"
  size  = 10.1
  tags  = ["b", "a"]
  rules = {
    one = { level = "low" }
    two = { level = "high", enabled = false }
  }
}`;

test('created, nothing to do, changed in place, destroyed', async () => {
  const { plan } = await deploy(RULES);
  expect(plan.stdout).toContain('+ "one" = {\n              + enabled = true\n              + level   = "low"');
  expect(plan.stdout).toMatch(/\+ id +.*= \(known after apply\)/);
  expect(remote('a')).toMatchObject({ size: 10.1, tags: ['a', 'b'], label: 'none', id: 'id-a', revision: 1 });

  expectCode(await terraform.plan(), 0);

  const change = await deploy(RULES.replace('"low"', '"high"'));
  expect(change.plan.stdout).toContain('Plan: 0 to add, 1 to change, 0 to destroy.');
  expect(change.plan.stdout).toContain('~ "one" = {\n              ~ level   = "low" -> "high"');
  expect(change.plan.stdout).not.toMatch(/"two" = \{/);
  expect(change.plan.stdout).not.toMatch(/id +=.*known after apply/);
  expect(remote('a')).toMatchObject({ revision: 2, id: 'id-a' });

  expectCode(await terraform.destroy(), 0);
  expect(readdirSync(items)).toEqual([]);
});

test('what was changed outside is a difference to put right, what was deleted is created again', async () => {
  await deploy(RULES);
  edit('a', {
    rules: { ...(remote('a')['rules'] as object), three: { level: 'low', enabled: true } },
    label: 'edited',
  });
  const drift = await terraform.plan();
  expectCode(drift, 2);
  expect(drift.stdout).toMatch(/- "three" = \{/);
  expect(drift.stdout).toContain('label           = "edited" -> "none"');
  expectCode(await terraform.applyPlan(), 0);
  expect(remote('a')).toMatchObject({ label: 'none', rules: { one: {}, two: {} } });

  rmSync(join(items, 'a.json'));
  const gone = await terraform.plan();
  expect(gone.stdout).toContain('Plan: 1 to add, 0 to change, 0 to destroy.');
});

test('a name that can not be changed in place replaces the resource', async () => {
  await deploy(RULES);
  const { plan } = await deploy(RULES.replace('name  = "a"', 'name  = "b"'));
  expect(plan.stdout).toContain('"a" -> "b" # forces replacement');
  expect(readdirSync(items)).toEqual(['b.json']);
});

test('imported by name, it needs no change', async () => {
  await deploy(RULES);
  expectCode(await terraform.run('state', 'rm', 'demo_item.a'), 0);
  expectCode(await terraform.import('demo_item.a', 'a'), 0);
  expectCode(await terraform.plan(), 0);
  const missing = await terraform
    .run('state', 'rm', 'demo_item.a')
    .then(() => terraform.import('demo_item.a', 'nobody'));
  expectCode(missing, 1);
  expect(missing.stderr).toContain('there is no item "nobody"');
});

test('a value that is known only after apply passes through plan, and is there at apply', async () => {
  installNullProvider(terraform);
  const { plan } = await deploy(`
    resource "null_resource" "first" {}
    resource "demo_item" "a" {
      name  = "a"
      label = null_resource.first.id
      rules = { one = { level = "low-\${null_resource.first.id}" } }
      lines = null_resource.first.id == "" ? [] : ["x"]
    }
    data "demo_names" "all" { prefix = demo_item.a.name == "a" ? demo_item.a.name : null_resource.first.id }
  `);
  expect(plan.stdout).toMatch(/label +.*= \(known after apply\)/);
  expect(remote('a')['label']).toMatch(/^\d+$/);
  expect(remote('a')).toMatchObject({ lines: ['x'], rules: { one: { level: `low-${String(remote('a')['label'])}` } } });
  expectCode(await terraform.plan(), 0);
});

test('all kinds of attributes go to the provider and come back', async () => {
  await deploy(`resource "demo_item" "a" {
    name    = "a"
    size    = 12345678901234567890 / 1e18
    lines   = ["\${"$"}{x}", "ä", ""]
    limits  = { "a b" = 0.1, big = 12345678901234567890 }
    place   = { city = "Ghent", floor = 3 }
    policy  = {}
    steps   = [{ run = "one" }, { run = "two" }]
    members = [{ who = "bo" }, { who = "al" }]
  }`);
  expect(remote('a')).toMatchObject({
    lines: ['${x}', 'ä', ''],
    limits: { 'a b': 0.1, big: { text: '12345678901234567890' } },
    place: { city: 'Ghent', floor: 3 },
    policy: { mode: 'careful' },
    steps: [{ run: 'one' }, { run: 'two' }],
  });
});

test('a secret is hidden, and a write-only one is nowhere', async () => {
  const { plan, apply } = await deploy(`resource "demo_item" "a" {
    name     = "a"
    secret   = "hush-hush"
    password = "open-sesame"
  }`);
  expect(remote('a')).toMatchObject({ secret: 'hush-hush', password_length: 11 });
  for (const said of [plan.output, apply.output, (await terraform.show()).output]) {
    expect(said).not.toMatch(/hush-hush|open-sesame/);
  }
  expect(readFileSync(join(terraform.folder, 'terraform.tfstate'), 'utf8')).not.toContain('open-sesame');
});

test('a data source is read, and a function called', async () => {
  const { apply } = await deploy(`${RULES}
    data "demo_names" "all" { depends_on = [demo_item.a] }
    output "names" { value = join(",", data.demo_names.all.names) }
    output "text" { value = provider::demo::repeat("ab", 3) }`);
  expect(apply.stdout).toContain('names = "a"\ntext = "ababab"');
  terraform.write(demoConfiguration(items, 'output "text" { value = provider::demo::repeat("ab", 11) }'));
  const refused = await terraform.plan();
  expect(refused.stderr).toContain('Invalid value for "times" parameter: at most 10 times');
});

test('state of an older schema is upgraded, of a newer one refused', async () => {
  await deploy(RULES);
  const file = join(terraform.folder, 'terraform.tfstate');
  const withVersion = (version: number, change: (attributes: Record<string, unknown>) => object) => {
    const state = JSON.parse(readFileSync(file, 'utf8')) as {
      resources: { instances: { schema_version: number; attributes: Record<string, unknown> }[] }[];
    };
    const instance = state.resources[0]?.instances[0];
    if (instance === undefined) throw new Error('no resource in state');
    Object.assign(instance, { schema_version: version, attributes: change(instance.attributes) });
    writeFileSync(file, JSON.stringify(state));
  };
  withVersion(0, ({ label, ...rest }) => ({ ...rest, title: label }));
  expectCode(await terraform.plan(), 0);
  withVersion(9, attributes => attributes);
  const refused = await terraform.plan();
  expectCode(refused, 1);
  expect(refused.stderr).toMatch(/newer than this provider|newer provider version/);
});
