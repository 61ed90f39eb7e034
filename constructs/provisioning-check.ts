import { Lazy } from 'cdktf';
import { type Construct } from 'constructs';
import { DeployStep } from './l1/deploy-step';
import { ScimApp } from './scim-app';
import { checkSettings } from './l1/settings';

/** Settings of a provisioning check. */
export interface ProvisioningCheckConfig {
  /**
   * Name of the environment variable, where Terraform runs, that holds a SCIM token of the app. The token itself
   * reaches neither plan nor state.
   * @default 'CODER_SCIM_TOKEN'
   */
  readonly tokenVariable?: string;
}

/**
 * Proves that provisioning works, after each deploy that changes the app's declaration or the check: the way an
 * identity provider would, it authenticates, reads the service's configuration and looks up a person who does not
 * exist. A deploy whose check fails, fails. A deploy without such a change asks nothing: `coder-scim verify` does at
 * any time.
 *
 * @example
 * new ProvisioningCheck(app, 'check');
 */
export class ProvisioningCheck extends DeployStep {
  constructor(scope: Construct, id: string, config: ProvisioningCheckConfig = {}) {
    checkSettings(`${scope.node.path}/${id}`, config, { tokenVariable: true });
    const app = ScimApp.of(scope);
    const input = {
      CODER_SCIM_TOKEN_VARIABLE: config.tokenVariable ?? 'CODER_SCIM_TOKEN',
      CODER_SCIM_BASE_URL: app.scimBaseUrl,
      CODER_SCIM_DECLARATION: Lazy.stringValue({ produce: () => app._digest() }),
    };
    super(app, id, 'check', input, [app]);
  }
}
