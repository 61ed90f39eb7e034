/** What goes wrong under real Terraform: the message, the place it points at, and what state is left. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDemoProvider, demoConfiguration, installDemoProvider } from '../../support/demo-provider/install';
import { Terraform } from '../../support/terraform';
import { until } from '../../support/until';

let terraform: Terraform;
let items: string;
let temporary: string;
const demoProvider = buildDemoProvider();

beforeEach(async () => {
  terraform = new Terraform();
  items = join(terraform.folder, 'items');
  temporary = join(terraform.folder, 'tmp');
  mkdirSync(items);
  mkdirSync(temporary);
  terraform.environment['TMPDIR'] = temporary;
  installDemoProvider(terraform, demoProvider.file);
  write('');
  expect(await terraform.init()).toMatchObject({ code: 0 });
});
afterEach(() => terraform.remove());
afterAll(() => demoProvider.remove());

function write(attributes: string): void {
  terraform.write(demoConfiguration(items, `resource "demo_item" "a" {\n  name = "a"\n  ${attributes}\n}`));
}

test('an error names the attribute, also deep inside a map', async () => {
  write('size = 500');
  const size = await terraform.validate();
  expect(size.code).toBe(1);
  expect(size.stderr).toMatch(
    /Error: size is out of range[^]*with demo_item\.a,[^]*size = 500[^]*got 500, wanted 1 to 100/,
  );

  write('rules = { ok = { level = "low" }, bad = { level = "wild" }, so = { level = "odd" } }');
  const rules = await terraform.run('validate', '-json');
  const { diagnostics } = JSON.parse(rules.stdout) as {
    diagnostics: { severity: string; summary: string; detail: string; snippet: { code: string } }[];
  };
  expect(diagnostics.map(({ severity, summary }) => [severity, summary])).toEqual([
    ['error', 'unknown level'],
    ['warning', 'odd level'],
  ]);
  expect(diagnostics[0]?.snippet.code).toContain('rules = {');
  expect(diagnostics[0]?.detail).toBe('At rules["bad"].level: rule bad has level wild, wanted low or high');
});

test('a create that failed half way is in state, tainted, and the next apply replaces it', async () => {
  write('behaviour = "fail-after-create"');
  const failed = await terraform.apply();
  expect(failed.code).toBe(1);
  expect(failed.stderr).toMatch(/Error: half done[^]*behaviour = "fail-after-create"/);
  expect(readdirSync(items)).toEqual(['a.json']);

  write('');
  const plan = await terraform.plan();
  expect(plan.stdout).toMatch(/demo_item\.a is tainted, so (it )?must be replaced/);
  expect(await terraform.applyPlan()).toMatchObject({ code: 0 });
  expect(await terraform.plan()).toMatchObject({ code: 0 });
});

test('a create that was refused leaves nothing in state', async () => {
  write('behaviour = "fail-create"');
  expect((await terraform.apply()).stderr).toContain('the remote system said no');
  expect(await terraform.attributes('demo_item.a')).toBeUndefined();
});

test('an update that was refused leaves the state as it was', async () => {
  write('');
  expect(await terraform.apply()).toMatchObject({ code: 0 });
  write('behaviour = "fail-update"');
  expect((await terraform.apply()).stderr).toContain('the remote system said no');
  expect(await terraform.attributes('demo_item.a')).toMatchObject({ behaviour: null, revision: 1 });
});

test('a plan can be refused, for a delete as well', async () => {
  write('behaviour = "refuse-plan"');
  expect((await terraform.plan()).stderr).toMatch(/refused at plan[^]*behaviour = "refuse-plan"/);
  write('label = "protected"');
  expect(await terraform.apply()).toMatchObject({ code: 0 });
  const destroy = await terraform.destroy();
  expect(destroy.stderr).toContain('the item is protected');
  expect(readdirSync(items)).toEqual(['a.json']);
});

test('a fault of the provider says that it is one, and what it was doing', async () => {
  write('behaviour = "crash"');
  const crashed = await terraform.apply();
  expect(crashed.stderr).toContain('the provider failed to create demo_item');
  expect(crashed.stderr).toContain('something is not a function');
});

/** Starts an apply whose create takes long, and waits until the provider is inside it. */
async function applySlowly() {
  write('behaviour = "slow"');
  const run = terraform.start(['apply', '-input=false', '-no-color', '-auto-approve']);
  const started = join(terraform.folder, 'creating');
  await until('the provider to create', () => existsSync(started) && readFileSync(started, 'utf8') !== '');
  return { run, plugin: Number(readFileSync(started, 'utf8')) };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Terraform starts a plugin more than once; an earlier one may be ending still. */
async function noFolderLeft(): Promise<void> {
  await until('the folders of sockets to go', () => readdirSync(temporary).length === 0);
}

test('Ctrl-C lets an operation end, saves what it did, and leaves no process or socket behind', async () => {
  const { run, plugin } = await applySlowly();
  run.interrupt();
  const { code, output } = await run.ended;
  expect(code).toBe(1);
  expect(output).toContain('stopped early');
  expect(readdirSync(items)).toEqual(['a.json']);
  expect(await terraform.attributes('demo_item.a')).toMatchObject({ name: 'a', revision: 1 });
  // Terraform may be gone a moment before its plugin is.
  await until('the end of the plugin', () => !isRunning(plugin));
  await noFolderLeft();
});

test('when Terraform is killed, its plugin ends by itself and cleans up', async () => {
  const { run, plugin } = await applySlowly();
  run.kill();
  await run.ended;
  await until('the end of the plugin', () => !isRunning(plugin));
  await noFolderLeft();
});
