/** Puts the test double of hashicorp/null into a stack's folder, where `terraform init` takes it for the real one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleProgram, type Terraform } from '../terraform';

/** Source address and version that `@cdktf/provider-null` pins. */
export const NULL_PROVIDER_SOURCE = 'registry.terraform.io/hashicorp/null';
export const NULL_PROVIDER_VERSION = '3.2.4';

export function installNullProvider(terraform: Terraform): void {
  const folder = mkdtempSync(join(tmpdir(), 'null-provider-'));
  try {
    const file = join(folder, 'terraform-provider-null');
    bundleProgram('test/support/null-provider/main.ts', file);
    terraform.install(NULL_PROVIDER_SOURCE, NULL_PROVIDER_VERSION, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
