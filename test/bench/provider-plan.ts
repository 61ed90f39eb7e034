/**
 * What a plan with the provider costs beside a plan of an empty stack: `npx tsx test/bench/provider-plan.ts [RUNS]`.
 * One app with 40 mappings, state present, nothing to change; the admin API in this process.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROVIDER_SOURCE, PROVIDER_VERSION } from '../../provider/address';
import { ADMIN_TOKEN, AdminApi } from '../provider/admin-api';
import { bundleProgram, Terraform } from '../support/terraform';

const runs = Number(process.argv[2] ?? 9);

async function medianPlan(terraform: Terraform): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const started = performance.now();
    const { code, output } = await terraform.plan();
    if (code !== 0) throw new Error(output);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const file = join(folder, 'provider');
  bundleProgram('provider/main.ts', file);
  const api = await AdminApi.start();
  const empty = new Terraform();
  const full = new Terraform(undefined, { CODER_SCIM_URL: api.url, CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN });
  try {
    empty.write('');
    full.install(PROVIDER_SOURCE, PROVIDER_VERSION, file);
    const mappings = Array.from({ length: 40 }, (_, i) => `m${i} = { idp_group = "group-${i}", group = "group-${i}" }`);
    full.write(`terraform {
      required_providers {
        coderscim = { source = "${PROVIDER_SOURCE}" }
      }
    }
    resource "coderscim_app" "main" {
      name           = "okta"
      tokens         = { main = { digest = "sha256:${'a'.repeat(64)}", expires_at = "2030-01-01T00:00:00Z" } }
      group_mappings = {
        ${mappings.join('\n        ')}
      }
    }`);
    for (const terraform of [empty, full]) await terraform.init();
    const { code, output } = await full.apply();
    if (code !== 0) throw new Error(output);
    const [without, withProvider] = [await medianPlan(empty), await medianPlan(full)];
    console.log(`plan of an empty stack: ${without.toFixed(0)} ms (median of ${runs})`);
    console.log(
      `plan with the provider: ${withProvider.toFixed(0)} ms, ${(withProvider - without).toFixed(0)} ms more`,
    );
  } finally {
    for (const terraform of [empty, full]) terraform.remove();
    await api.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

void main();
