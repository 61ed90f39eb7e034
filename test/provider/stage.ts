/** Real Terraform with the provider of this repository, against the bridge's own admin API: one of each per test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROVIDER_SOURCE, PROVIDER_VERSION } from '../../provider/address';
import { bundleProgram, type Ran, Terraform } from '../support/terraform';
import { ADMIN_TOKEN, AdminApi } from './admin-api';

/** Hooks up the stage in the file that calls this; its parts are there while a test runs. */
export function useStage(): Stage {
  const built = mkdtempSync(join(tmpdir(), 'provider-'));
  const file = join(built, 'terraform-provider-coderscim');
  const stage = new Stage();
  beforeAll(() => bundleProgram('provider/main.ts', file));
  afterAll(() => rmSync(built, { recursive: true, force: true }));
  beforeEach(() => stage.open(file));
  afterEach(() => stage.close());
  return stage;
}

export class Stage {
  private current: { api: AdminApi; terraform: Terraform } | undefined;

  get api(): AdminApi {
    return this.now.api;
  }
  get terraform(): Terraform {
    return this.now.terraform;
  }
  private get now() {
    if (this.current === undefined) throw new Error('the stage is there while a test runs, not before');
    return this.current;
  }

  async open(providerFile: string): Promise<void> {
    const api = await AdminApi.start();
    const terraform = new Terraform(undefined, { CODER_SCIM_URL: api.url, CODER_SCIM_ADMIN_TOKEN: ADMIN_TOKEN });
    this.current = { api, terraform };
    terraform.install(PROVIDER_SOURCE, PROVIDER_VERSION, providerFile);
    this.write('');
    expectCode(await terraform.init(), 0);
  }

  async close(): Promise<void> {
    this.terraform.remove();
    await this.api.stop();
  }

  /** Replaces the configuration. @param provider what the provider block says */
  write(body: string, provider = ''): void {
    this.terraform.write(`terraform {
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

  async deploy(body: string): Promise<{ plan: Ran; apply: Ran }> {
    this.write(body);
    const plan = expectCode(await this.terraform.plan(), 2);
    return { plan, apply: expectCode(await this.terraform.applyPlan(), 0) };
  }

  /** Asserts that there is nothing to do. */
  async isQuiet(): Promise<void> {
    expectCode(await this.terraform.plan(), 0);
  }
}

export function expectCode(ran: Ran, code: number): Ran {
  if (ran.code !== code) throw new Error(`exit code ${ran.code}, wanted ${code}:\n${ran.output}`);
  return ran;
}

/** What was said, as one line without Terraform's frame. */
export function said(text: string): string {
  return text.replace(/[│╷╵\s]+/g, ' ');
}

export interface AppText {
  readonly platform?: string;
  readonly more?: string;
  readonly rest?: string;
  readonly name?: string;
  readonly resource?: string;
  readonly digest?: string;
  readonly expiresAt?: string;
}

/** An app as HCL. */
export const app = ({
  platform = 'template-admin',
  more = '',
  rest = '',
  name = 'okta',
  resource = 'main',
  digest = `sha256:${'a'.repeat(64)}`,
  expiresAt = '2099-01-01T00:00:00Z',
}: AppText = {}) => `resource "coderscim_app" "${resource}" {
  name              = "${name}"
  identity_provider = "okta"
  tokens = {
    main = { digest = "${digest}", expires_at = "${expiresAt}" }
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
