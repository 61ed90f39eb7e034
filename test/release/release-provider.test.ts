/** The release files as somebody would use them: a filesystem mirror, a network mirror, and a machine without Node. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PROVIDER_PLATFORMS, PROVIDER_SOURCE } from '../../provider/address';
import { createCertificate } from '../../provider/plugin/certificate';
import { expectCode, said } from '../provider/stage';
import { Terraform } from '../support/terraform';

const ROOT = resolve(__dirname, '../..');
const configuration = `terraform {
  required_providers {
    coderscim = { source = "${PROVIDER_SOURCE}" }
  }
}
provider "coderscim" {
  url = "not an address"
}
data "coderscim_status" "now" {}`;

let out: string;
let terraform: Terraform;

function release(...options: string[]): void {
  out = mkdtempSync(join(tmpdir(), 'release-'));
  execFileSync(process.execPath, [join(ROOT, 'scripts/release-provider.mjs'), '--out', out, ...options], {
    stdio: 'pipe',
  });
}

beforeEach(() => {
  terraform = new Terraform();
  terraform.write(configuration);
});
afterEach(() => {
  terraform.remove();
  rmSync(out, { recursive: true, force: true });
});

function installFrom(source: string): void {
  const file = join(terraform.folder, 'installation.tfrc');
  writeFileSync(file, `provider_installation {\n${source}\n}\n`);
  terraform.environment['TF_CLI_CONFIG_FILE'] = file;
}

/** That the provider starts: it finds the mistake in the configuration. */
async function starts(): Promise<void> {
  expectCode(await terraform.init(), 0);
  expect(said(expectCode(await terraform.validate(), 1).stderr)).toContain('url is no address of a bridge');
}

test('a zip for each platform, whose sums are right', () => {
  release();
  const lines = readFileSync(join(out, 'mirror', PROVIDER_SOURCE, 'SHA256SUMS'), 'utf8')
    .trim()
    .split('\n');
  expect(lines).toHaveLength(PROVIDER_PLATFORMS.length);
  for (const line of lines) {
    const [sum, zip = ''] = line.split(/ +/);
    const file = join(out, 'mirror', PROVIDER_SOURCE, zip);
    expect(createHash('sha256').update(readFileSync(file)).digest('hex')).toBe(sum);
  }
});

test('the folder is a mirror over HTTPS', async () => {
  release();
  const { certificatePem, privateKeyPem } = createCertificate();
  const server = createServer({ cert: certificatePem, key: privateKeyPem }, ({ url = '' }, response) => {
    const file = join(out, 'mirror', url);
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': url.endsWith('.json') ? 'application/json' : 'application/zip' });
    response.end(readFileSync(file));
  });
  await new Promise<void>(listening => server.listen(0, 'localhost', listening));
  try {
    const authority = join(terraform.folder, 'authority.pem');
    writeFileSync(authority, certificatePem);
    terraform.environment['SSL_CERT_FILE'] = authority;
    installFrom(`network_mirror { url = "https://localhost:${(server.address() as AddressInfo).port}/" }`);
    await starts();
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('the executable needs no Node', async () => {
  release('--executable');
  installFrom(`filesystem_mirror { path = "${join(out, 'mirror')}" }`);
  terraform.environment['PATH'] = '/nowhere';
  await starts();
});
