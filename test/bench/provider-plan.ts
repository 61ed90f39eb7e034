/**
 * What Terraform costs with the provider: `npm run build && npx tsx test/bench/provider-plan.ts [--runs 9]`. A plan beside one of an empty stack,
 * with 40 and with 1,000 mappings that are in the state, nothing to change; the apply that makes 1,000; the synth of 1,000 constructs beside an
 * app without any. In turn, so that what disturbs the machine disturbs all alike; the admin API is in this process.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROVIDER_SOURCE, PROVIDER_VERSION, providerFiles } from '../../provider/address';
import { ADMIN_TOKEN, AdminApi } from '../provider/admin-api';
import { type Ran, Terraform } from '../support/terraform';
import { measureInTurn, ms, printTable } from './measure';

const ROOT = join(__dirname, '..', '..');
const DIST = join(ROOT, 'dist');
const TSX = join(ROOT, 'node_modules', 'tsx', 'dist', 'cli.mjs');
const FEW = 40;
const MANY = 1_000;
/** More than a plan of an empty stack, milliseconds. */
const PLAN_LIMIT_MS = { few: 600, many: 1_000 };
const APPLY_LIMIT_MS = 3_000;
const SYNTH_LIMIT = 1.3;

const { values: options } = parseArgs({ options: { runs: { type: 'string', default: '9' } } });

function configuration(mappings: number): string {
  const lines = Array.from(
    { length: mappings },
    (_, i) => `m${i} = { idp_group = "group-${i}", group = "group-${i}" }`,
  );
  return `terraform {
    required_providers {
      coderscim = { source = "${PROVIDER_SOURCE}" }
    }
  }
  resource "coderscim_app" "main" {
    name           = "okta"
    tokens         = { main = { digest = "sha256:${'a'.repeat(64)}", expires_at = "2030-01-01T00:00:00Z" } }
    group_mappings = {
      ${lines.join('\n      ')}
    }
  }`;
}

function well({ code, output }: Ran): void {
  if (code !== 0) throw new Error(output);
}

/** A stack with so many mappings, deployed, with a bridge of its own. */
async function deployed(mappings: number) {
  const api = await AdminApi.start();
  const terraform = new Terraform(undefined, { CODER_SCIM_URL: api.url, CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN });
  const built = providerFiles('linux_amd64')[0]?.built ?? '';
  terraform.install(PROVIDER_SOURCE, PROVIDER_VERSION, join(DIST, built));
  terraform.write(configuration(mappings));
  well(await terraform.init());
  const started = performance.now();
  well(await terraform.apply());
  const applyMs = performance.now() - started;
  return {
    applyMs,
    terraform,
    async close() {
      terraform.remove();
      await api.stop();
    },
  };
}

/** An app of constructs as `cdktf synth` runs it (`npx tsx main.ts`), without any or with so many mappings. */
function stack(folder: string, mappings: number): () => Promise<unknown> {
  const file = join(folder, `stack-${mappings}.cts`);
  const require = (name: string) => `require(${JSON.stringify(name)})`;
  const access = `const { GroupMapping, IdentityProvider, ScimApp, ScimToken } = ${require(join(DIST, 'constructs'))};
    const okta = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });
    new ScimToken(okta, 'main', { digest: 'sha256:${'a'.repeat(64)}', expiresAt: '2099-01-01T00:00:00Z' });
    for (let i = 0; i < ${mappings}; i += 1) new GroupMapping(okta, 'm' + i, { idpGroup: 'group-' + i, group: 'group-' + i });`;
  writeFileSync(
    file,
    `const { App, TerraformStack } = ${require(join(ROOT, 'node_modules', 'cdktf'))};
    const app = new App({ outdir: ${JSON.stringify(join(folder, `out-${mappings}`))} });
    const stack = new TerraformStack(app, 'access');
    ${mappings === 0 ? '' : access}
    app.synth();`,
  );
  return () => Promise.resolve(execFileSync(process.execPath, [TSX, file]));
}

async function main(): Promise<void> {
  if (!existsSync(join(DIST, '.built'))) throw new Error('dist is missing: npm run build');
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const empty = new Terraform();
  empty.write('');
  well(await empty.init());
  const few = await deployed(FEW);
  const many = await deployed(MANY);
  try {
    const plan = (terraform: Terraform) => async () => well(await terraform.plan());
    const took = await measureInTurn(
      {
        empty: plan(empty),
        few: plan(few.terraform),
        many: plan(many.terraform),
        emptyApp: stack(folder, 0),
        constructs: stack(folder, MANY),
      },
      Number(options.runs),
    );
    const mark = (value: number, limit: number) => (value <= limit ? 'ok' : 'over');
    const more = (what: 'few' | 'many') => took[what].median - took.empty.median;
    const ratio = took.constructs.median / took.emptyApp.median;
    printTable(`Terraform, ${options.runs} runs, load ${loadavg()[0]?.toFixed(1)}`, [
      ['what', 'median', 'limit', ''],
      ['plan of an empty stack', ms(took.empty.median), '', ''],
      [`plan with ${FEW} mappings: more`, ms(more('few')), ms(PLAN_LIMIT_MS.few), mark(more('few'), PLAN_LIMIT_MS.few)],
      [`plan with ${MANY}: more`, ms(more('many')), ms(PLAN_LIMIT_MS.many), mark(more('many'), PLAN_LIMIT_MS.many)],
      [`apply of ${MANY} (once)`, ms(many.applyMs), ms(APPLY_LIMIT_MS), mark(many.applyMs, APPLY_LIMIT_MS)],
      ['synth of an app without any', ms(took.emptyApp.median), '', ''],
      [`synth of ${MANY}: times that`, ratio.toFixed(2), SYNTH_LIMIT.toFixed(2), mark(ratio, SYNTH_LIMIT)],
    ]);
  } finally {
    empty.remove();
    await few.close();
    await many.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
