import { type TerraformProvider, type TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { escapeText, expression } from '../l1/terraform-text';
import { ScimApp } from '../scim-app';
import { checkSettings } from '../l1/settings';
import { type Application, AUTHENTIK, type PolicyBinding, type ProviderScim } from './authentik';
import { ForeignData, ForeignResource, providerOf } from './foreign-provider';
import { type GroupIds, GroupResource, listOf } from './group-resource';
import { MappedGroups } from './mapped-groups';
import { secretText } from './provisioning-secret';

/** Settings of provisioning by authentik. */
export interface AuthentikProvisioningConfig {
  /** Name of the SCIM provider, and of its application, as people see them in authentik. */
  readonly name: string;
  /**
   * Sensitive variable with a SCIM token of the app, whose digest a `ScimToken` declares (`ScimToken.fromSecret`). The
   * authentik provider keeps it in its state, as plain text: protect the state accordingly.
   */
  readonly secret: TerraformVariable;
  /**
   * Slug of the application that is made for it, without a sign-in of its own; its people are those of the groups that are sent.
   * `false`: none is made; put `providerId` among the `backchannel_providers` of Coder's application.
   * @default - the name of the app, and "-provisioning"
   */
  readonly applicationSlug?: string | false;
  /**
   * Groups that are sent: those that the app's mappings name (and `furtherGroups`), or all.
   * @default 'mapped'
   */
  readonly groups?: 'mapped' | 'all';
  /**
   * Ids of further groups to send, by a name of your choice.
   * @default - none
   */
  readonly furtherGroups?: Readonly<Record<string, string>>;
  /**
   * Whether authentik writes. With `false` it makes a dry run: reads, compares, and changes nothing.
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * Provider of authentik, from other bindings or with an alias.
   * @default - the stack's own; where it has none, one that is configured by the environment (AUTHENTIK_URL, AUTHENTIK_TOKEN)
   */
  readonly provider?: TerraformProvider;
}

/**
 * authentik's side of the wire, from end to end: a SCIM provider with the app's address and token, which sends the groups that the
 * app's mappings name and is the backchannel of an application, whose people are those of these groups. Nothing is left to do by hand.
 *
 * @example
 * const secret = new TerraformVariable(stack, 'scim_token', { type: 'string', sensitive: true });
 * const authentik = new ScimApp(stack, 'authentik', { identityProvider: IdentityProvider.AUTHENTIK });
 * ScimToken.fromSecret(authentik, 'primary', { secret, expiresAt: '2027-11-01T00:00:00Z' });
 * new AuthentikProvisioning(authentik, 'provisioning', { name: 'Coder provisioning', secret });
 */
export class AuthentikProvisioning extends Construct {
  /** Id of the SCIM provider, for the `backchannel_providers` of an application. */
  readonly providerId: string;
  private readonly groups: MappedGroups;

  /**
   * @param scope a `ScimApp`, or a construct inside one
   * @throws Error when plans would show the token
   */
  constructor(
    scope: Construct,
    id: string,
    private readonly config: AuthentikProvisioningConfig,
  ) {
    super(scope, id);
    checkSettings(this.node.path, config, {
      name: true,
      secret: true,
      applicationSlug: true,
      groups: true,
      furtherGroups: true,
      enabled: true,
      provider: true,
    });
    const app = ScimApp.of(this);
    const provider = config.provider ?? providerOf(this, AUTHENTIK);
    this.groups = new MappedGroups(this, app, {
      type: 'authentik_group',
      given: { name: '${each.value}', include_users: false },
      idAttribute: 'id',
      provider,
    });
    const mapping = (kind: 'user' | 'group') => {
      const given = { managed: `goauthentik.io/providers/scim/${kind}` };
      const type = 'authentik_property_mapping_provider_scim';
      return new ForeignData(this, `${kind}-mapping`, type, given, { provider }).getStringAttribute('id');
    };
    const all = config.groups === 'all';
    const scim = new ForeignResource<ProviderScim>(
      this,
      'provider',
      'authentik_provider_scim',
      {
        name: escapeText(config.name),
        url: app.scimBaseUrl,
        token: secretText(config.secret, this.node.path),
        dry_run: !(config.enabled ?? true),
        exclude_users_service_account: true,
        group_filters: all ? undefined : expression(() => listOf(this.sent())),
        property_mappings: [mapping('user')],
        property_mappings_group: [mapping('group')],
      },
      // authentik starts with its first request: the app has to know the token by then.
      { provider, dependsOn: [app] },
    );
    this.providerId = scim.getStringAttribute('id');
    if (config.applicationSlug !== false) {
      const slug = config.applicationSlug ?? `${app.name}-provisioning`;
      this.makeApplication(slug, all, provider);
    }
    this.node.addValidation({ validate: () => (all || !isNone(this.sent()) ? [] : [this.noGroups()]) });
  }

  /** Id of a group that authentik knows by this name, for `idpGroupExternalId`; the group is sent as well. */
  groupIdOf(group: string): string {
    return this.groups.idOf(group);
  }

  private sent(): GroupIds {
    return this.groups.ids({ external: true, further: this.config.furtherGroups });
  }

  /** An application without bindings is everybody's: with `all`, everybody's it is. */
  private makeApplication(slug: string, all: boolean, provider: TerraformProvider): void {
    const application = new ForeignResource<Application>(
      this,
      'application',
      'authentik_application',
      {
        name: escapeText(this.config.name),
        slug,
        meta_hide: true,
        policy_engine_mode: 'any',
        backchannel_providers: [this.providerId],
      },
      { provider },
    );
    if (all) return;
    new GroupResource<PolicyBinding>(
      this,
      'people',
      'authentik_policy_binding',
      { target: application.getStringAttribute('uuid'), group: '${each.value}', order: 0 },
      { provider, groups: () => this.sent() },
    );
  }

  private noGroups(): string {
    return `${this.node.path}: no mapping of the app names a group, so that authentik would send all of them: add a mapping, furtherGroups, or groups: 'all' where that is meant`;
  }
}

function isNone({ found, referred }: GroupIds): boolean {
  return found.length + Object.keys(referred).length === 0;
}
