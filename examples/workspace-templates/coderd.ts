/**
 * What this stack needs of coder/coderd. `cdktf get` writes the same for the whole provider: put
 * "terraformProviders": ["coder/coderd@~> 0.0.23"] into cdktf.json.
 */
import { TerraformProvider, TerraformResource } from 'cdktf';
import { type Construct } from 'constructs';

/** Address and credential: CODER_URL and CODER_SESSION_TOKEN, where Terraform runs. */
export class CoderdProvider extends TerraformProvider {
  constructor(scope: Construct, id: string) {
    super(scope, id, {
      terraformResourceType: 'coderd',
      terraformProviderSource: 'coder/coderd',
      terraformGeneratorMetadata: { providerName: 'coderd', providerVersionConstraint: '~> 0.0.23' },
    });
  }
}

class CoderdResource<Attributes extends object> extends TerraformResource {
  constructor(
    scope: Construct,
    id: string,
    type: string,
    private readonly attributes: Attributes,
  ) {
    super(scope, id, { terraformResourceType: type });
  }

  get id(): string {
    return this.getStringAttribute('id');
  }

  protected override synthesizeAttributes(): Record<string, unknown> {
    return { ...this.attributes } as Record<string, unknown>;
  }
}

export class CoderdOrganization extends CoderdResource<{ readonly name: string; readonly display_name?: string }> {
  constructor(scope: Construct, id: string, attributes: { readonly name: string; readonly display_name?: string }) {
    super(scope, id, 'coderd_organization', attributes);
  }

  get name(): string {
    return this.getStringAttribute('name');
  }
}

/** Who may use a template, or change it as well (`admin`), by id of a group or an account. */
export interface TemplateAccess {
  readonly id: string;
  readonly role: 'use' | 'admin';
}

export interface TemplateAttributes {
  readonly name: string;
  readonly organization_id: string;
  readonly display_name?: string;
  readonly versions: readonly { readonly directory: string; readonly active?: boolean }[];
  readonly acl: { readonly groups: readonly TemplateAccess[]; readonly users: readonly TemplateAccess[] };
}

export class CoderdTemplate extends CoderdResource<TemplateAttributes> {
  constructor(scope: Construct, id: string, attributes: TemplateAttributes) {
    super(scope, id, 'coderd_template', attributes);
  }
}
