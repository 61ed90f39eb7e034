import { type TerraformProvider, type TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { escapeText, expression } from '../l1/terraform-text';
import { ScimApp } from '../scim-app';
import { checkSettings } from '../l1/settings';
import { Block, ForeignResource, providerOf } from './foreign-provider';
import { GroupResource } from './group-resource';
import { MappedGroups } from './mapped-groups';
import {
  type AppConnection,
  type AppFeatures,
  type AppGroupAssignment,
  type GroupData,
  OKTA,
  type PushGroup,
} from './okta';
import { secretText } from './provisioning-secret';

/** Settings of provisioning by Okta. */
export interface OktaProvisioningConfig {
  /** Id of the application in Okta that provisions: a reference to an `okta_app_…` resource, or of one made by hand. */
  readonly appId: string;
  /**
   * Sensitive variable with a SCIM token of the app, whose digest a `ScimToken` declares (`ScimToken.fromSecret`). With it, address,
   * token and what is pushed are declared too, which Okta's API allows for applications of its catalogue that can be provisioned. The
   * okta provider keeps it in its state, as plain text: protect the state accordingly.
   * @default - the connection is made by hand: `manualSteps` says how
   */
  readonly secret?: TerraformVariable;
  /**
   * Ids of further groups to assign, by a name of your choice: their people are sent, the groups are not pushed.
   * @default - none
   */
  readonly furtherGroups?: Readonly<Record<string, string>>;
  /**
   * Assign the groups that mappings name, beside pushing them. Okta sends a member only where the person is assigned; with
   * `false`, assign everybody of them by `furtherGroups` or by hand.
   * @default true
   */
  readonly assignMappedGroups?: boolean;
  /**
   * Push the groups that mappings name. `false` until a connection that is made by hand is there: Okta refuses pushed groups before.
   * @default true
   */
  readonly pushGroups?: boolean;
  /**
   * Whether Okta sends anything. With `false` everything is there and paused: the way to take it all down without a deactivation
   * of everybody is `false`, deploy, and destroy then.
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * Whether a group that is pushed no more is deleted at the bridge as well; else it stays there as it was last pushed.
   * @default true
   */
  readonly deletePushedGroups?: boolean;
  /**
   * Provider of okta, from other bindings or with an alias.
   * @default - the stack's own; where it has none, one that is configured by the environment (OKTA_ORG_NAME and the like)
   */
  readonly provider?: TerraformProvider;
}

/**
 * Okta's side of the wire, as far as its API goes: the groups that the app's mappings name are assigned to the application and pushed,
 * and where Okta lets it be done by API, the connection is made. People come before groups. What is left for the console is in
 * `manualSteps`: print it as an output.
 *
 * @example
 * const okta = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });
 * const side = new OktaProvisioning(okta, 'provisioning', { appId: '0oa1a2b3c4d5e6f7g8h9' });
 * new TerraformOutput(stack, 'left_for_okta', { value: side.manualSteps });
 */
export class OktaProvisioning extends Construct {
  /** What has to be done in Okta's console, once. */
  readonly manualSteps: readonly string[];

  /**
   * @param scope a `ScimApp`, or a construct inside one
   * @throws Error when plans would show the token
   */
  constructor(scope: Construct, id: string, config: OktaProvisioningConfig) {
    super(scope, id);
    checkSettings(this.node.path, config, {
      appId: true,
      secret: true,
      furtherGroups: true,
      assignMappedGroups: true,
      pushGroups: true,
      enabled: true,
      deletePushedGroups: true,
      provider: true,
    });
    const app = ScimApp.of(this);
    const provider = config.provider ?? providerOf(this, OKTA);
    const enabled = config.enabled ?? true;
    const token = config.secret === undefined ? undefined : secretText(config.secret, this.node.path);
    this.manualSteps = token === undefined ? stepsByHand(app.scimBaseUrl) : [CHECK_CONNECTION];
    const connection = token === undefined ? [] : this.connect(app, { appId: config.appId, token, enabled, provider });
    const groups = new MappedGroups(this, app, {
      type: 'okta_group',
      given: { name: '${each.value}', lifecycle: exactly('name') } satisfies GroupData,
      idAttribute: 'id',
      provider,
    });
    const [assigned, pushed] = [config.assignMappedGroups ?? true, config.pushGroups ?? true];
    const assignments = new GroupResource<AppGroupAssignment>(
      this,
      'assignments',
      'okta_app_group_assignment',
      { app_id: config.appId, group_id: '${each.value}' },
      {
        provider,
        dependsOn: [app, ...connection],
        groups: () => groups.ids({ named: assigned, further: config.furtherGroups }),
      },
    );
    new GroupResource<PushGroup>(
      this,
      'pushed-groups',
      'okta_push_group',
      {
        app_id: config.appId,
        source_group_id: '${each.value}',
        status: enabled ? 'ACTIVE' : 'INACTIVE',
        delete_target_group_on_destroy: config.deletePushedGroups ?? true,
      },
      { provider, dependsOn: [assignments], groups: () => groups.ids({ named: pushed }) },
    );
  }

  private connect(
    app: ScimApp,
    {
      appId,
      token,
      enabled,
      provider,
    }: { appId: string; token: string; enabled: boolean; provider: TerraformProvider },
  ): ForeignResource<AppFeatures>[] {
    const connection = new ForeignResource<AppConnection>(
      this,
      'connection',
      'okta_app_connection',
      {
        id: appId,
        base_url: app.scimBaseUrl,
        action: enabled ? 'activate' : 'deactivate',
        profile: new Block({ auth_scheme: 'TOKEN', token }),
      },
      // Okta tests the connection: the app has to know the token by then.
      { provider, dependsOn: [app] },
    );
    if (!enabled) return [];
    const on = { status: 'ENABLED' } as const;
    const features = new ForeignResource<AppFeatures>(
      this,
      'features',
      'okta_app_features',
      {
        app_id: appId,
        name: 'USER_PROVISIONING',
        status: 'ENABLED',
        capabilities: new Block({
          create: new Block({ lifecycle_create: new Block(on) }),
          update: new Block({
            lifecycle_deactivate: new Block(on),
            profile: new Block(on),
            password: new Block({ status: 'DISABLED', change: 'KEEP_EXISTING', seed: 'RANDOM' }),
          }),
        }),
      },
      { provider, dependsOn: [connection] },
    );
    return [features];
  }
}

const CHECK_CONNECTION =
  'Provisioning > Integration: see that the connection is there and enabled; for an application that can not be provisioned by API, Okta takes the settings without an error and keeps none';

function stepsByHand(scimBaseUrl: string): string[] {
  return [
    'General > App Settings > Provisioning: SCIM (SAML and SWA applications of the wizard; Okta has no API for it)',
    `Provisioning > Integration: SCIM connector base URL ${scimBaseUrl}, unique identifier field for users userName, actions Push New Users, Push Profile Updates and Push Groups, authentication mode HTTP Header with the SCIM token; Test Connector Configuration`,
    'Provisioning > To App: enable Create Users, Update User Attributes and Deactivate Users; leave Sync Password off',
    'then leave out pushGroups: false, and deploy again: Okta lets an application push groups once it is connected',
  ];
}

/** The group that was found is the one that was looked for, whatever the provider takes for a match. */
function exactly(attribute: string): GroupData['lifecycle'] {
  return new Block({
    postcondition: new Block({
      condition: expression(`self.${attribute} == each.value`),
      error_message: escapeText(
        'Okta has no group of exactly this name, and another one that begins so was found: ',
      ).concat(expression(`self.${attribute}`)),
    }),
  });
}
