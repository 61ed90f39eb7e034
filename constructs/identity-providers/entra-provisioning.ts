import { Lazy, type TerraformProvider, type TerraformVariable, Token } from 'cdktf';
import { Construct } from 'constructs';
import { escapeText } from '../l1/terraform-text';
import { ScimApp } from '../scim-app';
import { AzureadData, azureadProvider, AzureadResource } from './azuread';

/** Settings of provisioning by Microsoft Entra ID. */
export interface EntraProvisioningConfig {
  /** Name of the enterprise application, as people see it in Entra. */
  readonly displayName: string;
  /**
   * Sensitive variable with a SCIM token of the app, whose digest a `ScimToken` declares (`ScimToken.fromSecret`). The
   * azuread provider keeps it in its state, as plain text: protect the state accordingly.
   */
  readonly secret: TerraformVariable;
  /**
   * Object ids of further groups to assign, by a name of your choice, beside the ones that the app's mappings name.
   * @default - none
   */
  readonly furtherGroups?: Readonly<Record<string, string>>;
  /**
   * Whether Entra provisions. With `false` everything is there and nothing is sent.
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * App role that groups are assigned with.
   * @default - the application's role "User", or the default role where it has none
   */
  readonly appRoleId?: string;
  /**
   * Provider of azuread, from other bindings or with an alias.
   * @default - the stack's own; where it has none, one that is configured by the environment (ARM_TENANT_ID and the like)
   */
  readonly provider?: TerraformProvider;
}

/** Template of applications that are in no gallery (Microsoft Graph, applicationTemplate-instantiate). */
const NON_GALLERY = '8adf8e6e-67b2-4cf2-a259-e3dc5476c621';
/** Makes Entra follow the RFC more closely. */
const STRICT = '?aadOptscim062020';
const DEFAULT_ROLE = '00000000-0000-0000-0000-000000000000';

/**
 * Entra's side of the wire: an enterprise application from the non-gallery template, with the app's address and token, the
 * groups that the app's mappings name, and a provisioning job. Things come in the order app, secret, job; at destroy the
 * job goes first, so that Entra sends nothing to a bridge that is being taken down. Attribute mappings can't be set by the
 * azuread provider: `manualSteps` says what is left for the portal.
 *
 * @example
 * const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });
 * const entra = new ScimApp(stack, 'entra', { identityProvider: IdentityProvider.ENTRA });
 * ScimToken.fromSecret(entra, 'primary', { secret, expiresAt: '2027-11-01T00:00:00Z' });
 * new EntraProvisioning(entra, 'provisioning', { displayName: 'Coder', secret });
 */
export class EntraProvisioning extends Construct {
  /** What has to be done in Entra's portal, once. */
  readonly manualSteps: readonly string[] = [
    'Provisioning > Mappings > Provision Microsoft Entra ID Users: map objectId to externalId (matching precedence stays with userName)',
    'Provisioning > Mappings > Provision Microsoft Entra ID Groups: leave as it is; objectId is externalId there',
    'Provisioning > Settings > Scope: sync only assigned users and groups',
  ];
  private readonly names = new Set<string>();
  private readonly groups: AzureadData;

  /** @param scope a `ScimApp`, or a construct inside one */
  constructor(
    scope: Construct,
    id: string,
    private readonly config: EntraProvisioningConfig,
  ) {
    super(scope, id);
    const app = ScimApp.of(this);
    if (config.secret.sensitive !== true) {
      throw new Error(
        `${this.node.path}: variable ${JSON.stringify(config.secret.node.id)} is not sensitive, so that plans would show the token: declare it with sensitive: true`,
      );
    }
    const provider = config.provider ?? azureadProvider(this);
    const application = new AzureadResource(
      this,
      'application',
      'application_from_template',
      { display_name: escapeText(config.displayName), template_id: NON_GALLERY },
      { provider },
    );
    const objectId = application.getStringAttribute('service_principal_object_id');
    const principal = new AzureadData(this, 'principal', 'service_principal', { object_id: objectId }, { provider });
    const service_principal_id = principal.getStringAttribute('id');
    const secret = new AzureadResource(
      this,
      'secret',
      'synchronization_secret',
      {
        service_principal_id,
        credential: [
          { key: 'BaseAddress', value: `${app.scimBaseUrl}${STRICT}` },
          { key: 'SecretToken', value: config.secret.stringValue },
        ],
      },
      // Entra tests the connection: the app has to know the token by then.
      { provider, dependsOn: [app] },
    );

    this.groups = new AzureadData(
      this,
      'groups',
      'group',
      { display_name: '${each.value}', security_enabled: true },
      { provider },
    );
    this.groups.addOverride('for_each', Lazy.anyValue({ produce: () => this.lookedUp(app) }));
    const assignments = new AzureadResource(
      this,
      'assignments',
      'app_role_assignment',
      {
        app_role_id: config.appRoleId ?? roleExpression(principal),
        principal_object_id: '${each.value}',
        resource_object_id: objectId,
      },
      { provider },
    );
    assignments.addOverride('for_each', Lazy.anyValue({ produce: () => this.assigned(app) }));

    new AzureadResource(
      this,
      'job',
      'synchronization_job',
      { service_principal_id, template_id: 'scim', enabled: config.enabled ?? true },
      { provider, dependsOn: [secret, assignments] },
    );
  }

  /** Object id of a group that Entra knows by this name, for `idpGroupExternalId`; the group is assigned as well. */
  objectIdOf(group: string): string {
    this.names.add(group);
    return Token.asString(Lazy.stringValue({ produce: () => `\${${this.address(group)}}` }));
  }

  private address(group: string): string {
    return `data.azuread_group.${this.groups.friendlyUniqueId}[${JSON.stringify(escapeText(group))}].object_id`;
  }

  /** Groups that are found by their names: what mappings name, and what was asked for. */
  private namesOf(app: ScimApp): string[] {
    const named = app.mappings.flatMap(({ idpGroup }) => (idpGroup === undefined ? [] : [idpGroup]));
    return [...new Set([...named, ...this.names])].filter(name => !Token.isUnresolved(name)).sort();
  }

  private lookedUp(app: ScimApp): Record<string, string> {
    return Object.fromEntries(this.namesOf(app).map(name => [escapeText(name), escapeText(name)]));
  }

  /** Object id of each group to assign, by the name that its address in the state has. */
  private assigned(app: ScimApp): Record<string, string> {
    const byName = this.namesOf(app).map(name => [escapeText(name), `\${${this.address(name)}}`]);
    const byId = app.mappings.flatMap(({ idpGroupExternalId: id }) =>
      id === undefined || Token.isUnresolved(id) ? [] : [[id, id]],
    );
    return { ...(Object.fromEntries([...byName, ...byId]) as Record<string, string>), ...this.config.furtherGroups };
  }
}

/** Groups can't be assigned to the default role of an application that has roles for people. */
function roleExpression(principal: AzureadData): string {
  const roles = `data.azuread_service_principal.${principal.friendlyUniqueId}.app_roles`;
  return `\${try([for role in ${roles} : role.id if contains(role.allowed_member_types, "User") && role.display_name == "User"][0], "${DEFAULT_ROLE}")}`;
}
