/**
 * The attributes of a mapping state in Terraform, derived from the contract itself: what the contract gains, the provider
 * has. Names are the contract's in Terraform's spelling (`idpGroup` → `idp_group`), apart from `app`, which is `name`.
 */
import { mappingStateJsonSchema } from '../bridge/contract/mapping-state';
import {
  type Attribute,
  type Attributes,
  bool,
  nested,
  nestedList,
  nestedMap,
  number,
  set,
  string,
  type Value,
} from './plugin';

/** The parts of JSON Schema that the contract uses. */
interface Shape {
  readonly type?: string;
  readonly description?: string;
  readonly default?: Value;
  readonly enum?: readonly string[];
  readonly properties?: { readonly [key: string]: Shape };
  readonly required?: readonly string[];
  readonly additionalProperties?: Shape | false;
  readonly items?: Shape;
}

/** What those keys mean whose name says most of it. */
const DESCRIPTIONS: { readonly [key: string]: string } = {
  identityProvider: 'identity provider that calls the app; decides the dialect of SCIM',
  tokens: 'bearer credentials by name: digest and expiry, never the secret',
  oauthClients: 'OAuth 2.0 clients by client id: digest of the secret and expiry, never the secret',
  groupMappings: 'groups of the identity provider whose people become members of a Coder group, by name of the mapping',
  roleMappings: 'groups of the identity provider whose people hold a role, by name of the mapping',
  organizationMappings:
    'groups of the identity provider whose people are members of an organization, by name of the mapping',
  customRoles: 'custom organization roles that the bridge keeps in Coder',
  pushedGroups: 'every group that the identity provider pushes becomes a Coder group',
  policies: 'decisions about people and groups',
  people: 'for whom the app may speak: e-mail domains, apps that share its people, accounts that it may take over',
  guard: 'limits that hold a plan as a whole until an operator releases it',
  claims: 'names of the token claims that Coder reads at sign-in (mode claims)',
  attributes: 'SCIM attributes that give an account its e-mail, username and name',
  organization: 'name of the Coder organization',
  permissions: 'what the role allows',
  resourceType: 'kind of resource in Coder, such as template',
  action: 'what may be done with it, such as read',
  negate: 'Coder knows no negative permissions in custom roles: leave it out',
  displayName: 'name that people see',
  name: 'name of the role in Coder',
  groups: 'claim with the names of groups',
  roles: 'claim that decides roles',
  organizations: 'claim that decides organizations',
};

/** `idpGroup` as `idp_group`. */
export function toAttributeName(key: string): string {
  return key.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`);
}

/** `idp_group` as `idpGroup`. */
export function toDocumentKey(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Everything of the document but its version, which is the code's, and the app's name. */
export const mappingAttributes: Attributes = (() => {
  const { version: _version, app: _app, ...properties } = (mappingStateJsonSchema() as Shape).properties ?? {};
  return attributesOf(properties, []);
})();

function attributesOf(properties: { readonly [key: string]: Shape }, required: readonly string[]): Attributes {
  return Object.fromEntries(
    Object.entries(properties).map(([key, shape]) => [
      toAttributeName(key),
      attributeOf(key, shape, required.includes(key)),
    ]),
  );
}

function attributeOf(key: string, shape: Shape, required: boolean): Attribute {
  const description = describe(key, shape);
  if (shape.type === 'object' && shape.additionalProperties) {
    const { properties = {}, required: within = [] } = shape.additionalProperties;
    // No default: an entry more or less is all that a plan should show of a record.
    return nestedMap(attributesOf(properties, within), { description, optional: true });
  }
  const presence = required
    ? ({ description, required: true } as const)
    : shape.default === undefined
      ? ({ description, optional: true } as const)
      : ({ description, optional: true, computed: true } as const);
  if (shape.type === 'object') {
    const attributes = attributesOf(shape.properties ?? {}, shape.required ?? []);
    return nested(attributes, shape.default === undefined ? presence : { ...presence, default: {} });
  }
  if (shape.type === 'array' && shape.items?.type === 'object') {
    return nestedList(attributesOf(shape.items.properties ?? {}, shape.items.required ?? []), presence);
  }
  const options = { ...presence, ...(shape.default === undefined ? {} : { default: shape.default as never }) };
  switch (shape.type) {
    case 'array':
      return set('string', options);
    case 'boolean':
      return bool(options);
    case 'number':
    case 'integer':
      return number(options);
    case 'string':
      return string(options);
    default:
      throw new Error(`the provider can not express ${key} of the mapping state, of type ${shape.type ?? 'any'}`);
  }
}

function describe(key: string, shape: Shape): string {
  const values = shape.enum ?? shape.items?.enum;
  return [
    shape.description ?? DESCRIPTIONS[key] ?? key,
    ...(values === undefined ? [] : [`one of ${values.join(', ')}`]),
    ...(isScalar(shape.default) ? [`default ${JSON.stringify(shape.default)}`] : []),
  ].join('; ');
}

function isScalar(value: Value | undefined): value is string | number | boolean {
  return value !== undefined && value !== null && typeof value !== 'object';
}
