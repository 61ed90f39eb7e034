/** Builds the demo provider once per test file, and puts it into working folders. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleProgram, type Terraform } from '../terraform';

const SOURCE = 'example.test/demo/demo';

export function buildDemoProvider(): { readonly file: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'demo-provider-'));
  const file = join(folder, 'terraform-provider-demo');
  bundleProgram('test/support/demo-provider/main.ts', file);
  return { file, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function installDemoProvider(terraform: Terraform, file: string): void {
  terraform.install(SOURCE, '1.0.0', file);
}

/** A configuration that uses the demo provider on a folder of items. */
export function demoConfiguration(items: string, body: string): string {
  return `terraform {
  required_providers {
    demo = {
      source = "${SOURCE}"
    }
  }
}
provider "demo" {
  folder = ${JSON.stringify(items)}
}
${body}
`;
}
