import { type TerraformProvider, type TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { escapeText, expression } from '../l1/terraform-text';
import { ScimApp } from '../scim-app';
import { checkSettings } from '../l1/settings';
import {
  type ApplicationFromTemplate,
  type AppRoleAssignment,
  AZUREAD,
  type ProvisionOnDemand,
  type SynchronizationJob,
  type SynchronizationSecret,
} from './azuread';
import { Block, ForeignData, ForeignResource, providerOf } from './foreign-provider';
import { GroupResource } from './group-resource';
import { MappedGroups } from './mapped-groups';
import { secretText } from './provisioning-secret';

/** People and groups that Entra provisions at once, beside its job: what a pilot looks at. */
export interface EntraPilotConfig {
  /**
   * Object ids of people, by a name of your choice.
   * @default - none
   */
  readonly people?: Readonly<Record<string, string>>;
  /**
   * Object ids of groups, by a name of your choice. They come after the people; Entra sends a group on demand without members.
   * @default - none
   */
  readonly groups?: Readonly<Record<string, string>>;
  /**
   * Synchronization rule of the job's schema.
   * @default - the rule of the SCIM template
   */
  readonly ruleId?: string;
}

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
   * Whether Entra provisions. With `false` everything is there, and nothing is sent but what `pilot` names.
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * Who is provisioned at once, and again when this changes: for a pilot, with `enabled: false`.
   * @default - nobody
   */
  readonly pilot?: EntraPilotConfig;
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
/** Rule of the template for SCIM, the same in every tenant (Microsoft Graph, synchronizationJob-provisionOnDemand). */
const SCIM_RULE = '03f7d90d-bf71-41b1-bda6-aaf0ddbee5d8';

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
  private readonly groups: MappedGroups;

  /** @param scope a `ScimApp`, or a construct inside one */
  constructor(scope: Construct, id: string, config: EntraProvisioningConfig) {
    super(scope, id);
    checkSettings(this.node.path, config, {
      displayName: true,
      secret: true,
      furtherGroups: true,
      enabled: true,
      pilot: true,
      appRoleId: true,
      provider: true,
    });
    const app = ScimApp.of(this);
    const token = secretText(config.secret, this.node.path);
    const provider = config.provider ?? providerOf(this, AZUREAD);
    const application = new ForeignResource<ApplicationFromTemplate>(
      this,
      'application',
      'azuread_application_from_template',
      { display_name: escapeText(config.displayName), template_id: NON_GALLERY },
      { provider },
    );
    const objectId = application.getStringAttribute('service_principal_object_id');
    const given = { object_id: objectId };
    const principal = new ForeignData(this, 'principal', 'azuread_service_principal', given, { provider });
    const service_principal_id = principal.getStringAttribute('id');
    const secret = new ForeignResource<SynchronizationSecret>(
      this,
      'secret',
      'azuread_synchronization_secret',
      {
        service_principal_id,
        credential: new Block([
          { key: 'BaseAddress', value: `${app.scimBaseUrl}${STRICT}` },
          { key: 'SecretToken', value: token },
        ]),
      },
      // Entra tests the connection: the app has to know the token by then.
      { provider, dependsOn: [app] },
    );
    this.groups = new MappedGroups(this, app, {
      type: 'azuread_group',
      given: { display_name: '${each.value}', security_enabled: true },
      idAttribute: 'object_id',
      provider,
    });
    const assignments = new GroupResource<AppRoleAssignment>(
      this,
      'assignments',
      'azuread_app_role_assignment',
      {
        app_role_id: config.appRoleId ?? roleExpression(principal),
        principal_object_id: '${each.value}',
        resource_object_id: objectId,
      },
      {
        provider,
        groups: () => this.groups.ids({ external: true, further: config.furtherGroups }),
      },
    );
    const job = new ForeignResource<SynchronizationJob>(
      this,
      'job',
      'azuread_synchronization_job',
      { service_principal_id, template_id: 'scim', enabled: config.enabled ?? true },
      { provider, dependsOn: [secret, assignments] },
    );
    this.provisionAtOnce(config.pilot, { service_principal_id, job, provider });
  }

  /** Object id of a group that Entra knows by this name, for `idpGroupExternalId`; the group is assigned as well. */
  objectIdOf(group: string): string {
    return this.groups.idOf(group);
  }

  /** People before groups, as Entra's own job does it. */
  private provisionAtOnce(
    { people = {}, groups = {}, ruleId = SCIM_RULE }: EntraPilotConfig = {},
    with_: { service_principal_id: string; job: ForeignResource<SynchronizationJob>; provider: TerraformProvider },
  ): void {
    const { service_principal_id, job, provider } = with_;
    const kinds = [
      ['pilot-people', 'User', people],
      ['pilot-groups', 'Group', groups],
    ] as const;
    let before: ForeignResource<ProvisionOnDemand>[] | undefined;
    for (const [id, object_type_name, objects] of kinds) {
      if (Object.keys(objects).length === 0) continue;
      const subject = new Block([{ object_id: '${each.value}', object_type_name }]);
      const made = new ForeignResource<ProvisionOnDemand>(
        this,
        id,
        'azuread_synchronization_job_provision_on_demand',
        {
          service_principal_id,
          synchronization_job_id: job.getStringAttribute('id'),
          parameter: new Block([{ rule_id: ruleId, subject }]),
        },
        { provider, dependsOn: before, forEach: () => objects },
      );
      before = [made];
    }
  }
}

/** Groups can't be assigned to the default role of an application that has roles for people. */
function roleExpression(principal: ForeignData<object>): string {
  const roles = `data.azuread_service_principal.${principal.friendlyUniqueId}.app_roles`;
  return expression(
    `try([for role in ${roles} : role.id if contains(role.allowed_member_types, "User") && role.display_name == "User"][0], "${DEFAULT_ROLE}")`,
  );
}
