import { createHash } from 'node:crypto';
import { Fn, type ITerraformDependable, TerraformStack, Token } from 'cdktf';
import { Construct, type IConstruct } from 'constructs';
import { canonicalJson } from '../bridge/contract/mapping-state';
import {
  type Attributes,
  type Claims,
  type Guard,
  type MappingStateInput,
  type People,
  type Policies,
  type PushedGroups,
} from '../bridge/contract/mapping-state/document';
import { IdentityProvider } from './identity-provider';
import { CoderScimProvider } from './l1/coder-scim-provider';
import { CoderScimStatus } from './l1/coder-scim-status';
import { type ScimAppResource, type ScimAppTimeouts } from './l1/scim-app-resource';
import { type IMapping, isMapping } from './mapping';
import { type Carrier, MappingDelivery } from './mapping-delivery';
import { checkSettings, type SettingNames, shown } from './l1/settings';
import { type DeclaredEntry, type Declaration, findProblems, stated, synthesizeMappingState } from './synthesize';

/** Settings of a SCIM app. */
export interface ScimAppConfig {
  /** The identity provider that calls this app; chooses the dialect. */
  readonly identityProvider: IdentityProvider;
  /**
   * Name of the app, part of its URL: lower-case letters, digits and single hyphens.
   * @default - the construct's id
   */
  readonly name?: string;
  /**
   * How the declaration reaches the bridge.
   * @default MappingDelivery.provider() with address and credential from CODER_SCIM_URL and CODER_SCIM_ADMIN_TOKEN
   */
  readonly delivery?: MappingDelivery;
  /**
   * `push` writes memberships and roles to Coder at once; `claims` writes the same mappings into Coder's OIDC sync
   * settings, effective at sign-in. Where Coder's sync is on, Coder undoes what is pushed: choose one.
   * @default 'push'
   */
  readonly mode?: 'push' | 'claims';
  /**
   * Decisions about people and groups.
   * @default - the careful choice for each
   */
  readonly policies?: Readonly<Partial<Policies>>;
  /**
   * Limits that stop a change as a whole until an operator releases it.
   * @default - 20 % of the people, at least 10; one owner stays
   */
  readonly guard?: Readonly<Partial<Guard>>;

  /**
   * For whom the app may speak: `emailDomains` confines it to addresses in these domains, `sharedWith` names apps whose
   * people may be the same accounts (both apps must name each other), `adopt` names existing accounts that may be taken
   * over although they hold more than the mappings give.
   *
   * @default - any address, no shared people, no account by name
   */
  readonly people?: Readonly<Partial<People>>;
  /**
   * Make a Coder group of every group that the identity provider pushes. A group that Coder has already under the name, made by
   * hand or named by a mapping of another app, is taken over only with `adopt: true`.
   * @default - only groups that a mapping names
   */
  readonly pushedGroups?: Readonly<Partial<PushedGroups>>;
  /**
   * Names of the token claims that Coder reads at sign-in, for `mode: 'claims'`. `organizations` has to be declared for
   * mappings into other organizations than Coder's default one: organization sync is for the whole deployment, and takes
   * everybody who signs in by OIDC out of organizations that no mapping gives them.
   * @default - "groups" for groups and roles, organization sync left alone
   */
  readonly claims?: Readonly<Partial<Claims>>;
  /**
   * Refuse to delete or replace the app while it has people. To end it: set this to false, deploy, and destroy then.
   * @default true
   */
  readonly deletionProtection?: boolean;
  /**
   * How long Terraform waits for Coder.
   * @default - 30 s after a change, 5 min for a deletion
   */
  readonly timeouts?: ScimAppTimeouts;
  /**
   * What is to be there before the app: the bridge itself, where the stack deploys it as well.
   * @default - what its settings and mappings refer to
   */
  readonly dependsOn?: readonly ITerraformDependable[];
  /**
   * Which SCIM attributes give an account its e-mail, username and name, so that they agree with what Coder reads from OIDC
   * (`CODER_OIDC_EMAIL_FIELD`, `CODER_OIDC_USERNAME_FIELD`, `CODER_OIDC_NAME_FIELD`).
   * @default - the primary e-mail, `userName` and `displayName`
   */
  readonly attributes?: Readonly<Partial<Attributes>>;
}

/** An app as others use it, declared here or elsewhere; an element for `dependsOn`. */
export interface IScimApp extends IConstruct, ITerraformDependable {
  /** Name of the app at the bridge. */
  readonly name: string;
  /** The SCIM base URL (tenant URL, SCIM connector base URL) to paste into the identity provider. */
  readonly scimBaseUrl: string;
  /** Where an OAuth client of the app gets its access tokens (token endpoint, token URL). */
  readonly oauthTokenUrl: string;
}

/** Settings of an app that is declared elsewhere. */
export interface ScimAppReference {
  /** Name of the app at the bridge. */
  readonly name: string;
  /**
   * Provider of the bridge that has it.
   * @default - the stack's own, made on first use
   */
  readonly provider?: CoderScimProvider;
}

const SETTINGS: SettingNames<ScimAppConfig> = {
  identityProvider: true,
  name: true,
  delivery: true,
  mode: true,
  policies: true,
  guard: true,
  people: true,
  pushedGroups: true,
  claims: true,
  deletionProtection: true,
  timeouts: true,
  dependsOn: true,
  attributes: true,
};

const SCIM_APP = Symbol.for('coder-scim.ScimApp');

/**
 * One SCIM application of one identity provider. Everything declared below it becomes one document, which a deploy hands
 * to the bridge as a whole.
 *
 * @example
 * const app = new ScimApp(stack, 'okta', { identityProvider: IdentityProvider.OKTA });
 */
export class ScimApp extends Construct implements IScimApp {
  /** An app that another stack, or `coder-scim apply`, declares: looked up at the bridge when Terraform runs. */
  static fromName(scope: Construct, id: string, reference: ScimAppReference): IScimApp {
    return new ForeignApp(scope, id, reference);
  }

  /** Whether `construct` is a ScimApp, also one of another copy of this package. */
  static isScimApp(this: void, construct: IConstruct): construct is ScimApp {
    return SCIM_APP in construct;
  }

  /**
   * The app that a construct is part of.
   * @throws Error when there is none above it
   */
  static of(construct: IConstruct): ScimApp {
    const app = construct.node.scopes.findLast(ScimApp.isScimApp);
    if (app === undefined) {
      throw new Error(
        `${construct.node.path}: is not part of a SCIM app: create it with a ScimApp, or a construct inside one, as its scope`,
      );
    }
    return app;
  }

  readonly name: string;
  /** The identity provider that calls this app. */
  readonly identityProvider: IdentityProvider;
  /** As configured; undefined: the default. */
  readonly deletionProtection: boolean | undefined;
  /** As configured; undefined: the defaults. */
  readonly timeouts: ScimAppTimeouts | undefined;
  /** @internal */
  readonly _after: ITerraformDependable[] | undefined;
  /** By kind and name. */
  private readonly entries = new Map<string, DeclaredEntry>();
  /** The entries in order of their names; undefined: not sorted since the last one came. */
  private sorted: readonly DeclaredEntry[] | undefined;
  private readonly carrier: Carrier;

  /** @throws Error when a setting does not exist, or `identityProvider` is none */
  constructor(
    scope: Construct,
    id: string,
    private readonly config: ScimAppConfig,
  ) {
    super(scope, id);
    checkSettings(this.node.path, config, SETTINGS);
    if (!IdentityProvider._is(config.identityProvider)) {
      throw new Error(
        `${this.node.path}: identityProvider ${shown(config.identityProvider)}: wanted one of ${IdentityProvider._constants.join(', ')}`,
      );
    }
    Object.defineProperty(this, SCIM_APP, { value: true });
    this.name = config.name ?? id;
    this.identityProvider = config.identityProvider;
    this.deletionProtection = config.deletionProtection;
    this.timeouts = config.timeouts;
    this._after = config.dependsOn === undefined ? undefined : [...config.dependsOn];
    this.carrier = (config.delivery ?? MappingDelivery.provider())._bind(this);
    this.node.addValidation({ validate: () => [...findProblems(this.declaration), ...this.clashes()] });
  }

  get scimBaseUrl(): string {
    return this.carrier.scimBaseUrl;
  }

  get oauthTokenUrl(): string {
    return tokenUrlOf(this.scimBaseUrl);
  }

  /** The mapping state as declared so far: JSON, with references of Terraform still in it. */
  get mappingState(): MappingStateInput {
    return synthesizeMappingState(this.declaration);
  }

  /** Address of what must be deployed before something may rely on the app: it can stand in `dependsOn` itself. */
  get fqn(): string {
    return this.carrier.element.fqn;
  }

  /** The typed resource, for `addOverride`, `lifecycle`, `importFrom` and the like; undefined with a null_resource. */
  get resource(): ScimAppResource | undefined {
    return this.carrier.resource;
  }

  /** Every mapping declared so far, for whoever goes through them: an Aspect, a report. */
  get mappings(): readonly IMapping[] {
    return this.node.findAll().filter(isMapping);
  }

  /** @internal Changes with each change of the declaration; a reference of Terraform counts by its name. */
  _digest(): string {
    return createHash('sha256').update(canonicalJson(this.mappingState)).digest('hex').slice(0, 16);
  }

  /** @internal */
  _register(entry: DeclaredEntry): void {
    const key = `${entry.kind} ${entry.name}`;
    const same = this.entries.get(key);
    if (same !== undefined) {
      throw new Error(
        `${entry.path}: ${JSON.stringify(entry.name)} is the name of ${same.path} already: give it another id`,
      );
    }
    this.entries.set(key, { ...entry, content: Object.freeze(stated(entry.content)) });
    this.sorted = undefined;
  }

  /** What this app and an earlier one of the same bridge can't both be. */
  private clashes(): string[] {
    const all = TerraformStack.of(this).node.findAll().filter(ScimApp.isScimApp);
    const earlier = all.slice(0, all.indexOf(this)).filter(other => other.carrier.bridge === this.carrier.bridge);
    const twin = Token.isUnresolved(this.name) ? undefined : earlier.find(other => other.name === this.name);
    const tokens = (app: ScimApp) =>
      [...app.entries.values()].flatMap(({ kind, path, content }) =>
        kind === 'tokens' && 'digest' in content ? [{ path, digest: content.digest }] : [],
      );
    const taken = new Map(earlier.flatMap(tokens).map(({ digest, path }) => [digest, path]));
    return [
      ...(twin === undefined
        ? []
        : [
            `${this.node.path}: ${JSON.stringify(this.name)} is the name of app ${twin.node.path} already, and the bridge has one document for each name: choose another name`,
          ]),
      ...tokens(this)
        .filter(({ digest }) => !Token.isUnresolved(digest) && taken.has(digest))
        .map(
          ({ path, digest }) =>
            `${path}: has the digest of ${taken.get(digest)}; a token says which app calls: make another with \`coder-scim token create\``,
        ),
    ];
  }

  private get declaration(): Declaration {
    const { identityProvider, mode, policies, guard, people, pushedGroups, claims, attributes } = this.config;
    return {
      app: this.name,
      path: this.node.path,
      settings: {
        identityProvider: identityProvider.name,
        mode,
        policies,
        guard,
        people,
        pushedGroups,
        claims,
        attributes,
      },
      entries: (this.sorted ??= [...this.entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1))),
    };
  }
}

/** What is looked up of an app that is declared elsewhere. */
class ForeignApp extends Construct implements IScimApp {
  readonly name: string;
  private readonly status: CoderScimStatus;

  constructor(scope: Construct, id: string, { name, provider }: ScimAppReference) {
    super(scope, id);
    this.name = name;
    this.status = new CoderScimStatus(this, 'Resource', { provider: provider ?? CoderScimProvider.ofStack(this) });
  }

  get fqn(): string {
    return this.status.fqn;
  }

  get scimBaseUrl(): string {
    return this.status.scimBaseUrlOf(this.name);
  }

  get oauthTokenUrl(): string {
    return tokenUrlOf(this.scimBaseUrl);
  }
}

function tokenUrlOf(scimBaseUrl: string): string {
  const [base, token] = ['/scim/v2', '/oauth2/token'];
  return Token.isUnresolved(scimBaseUrl)
    ? Fn.replace(scimBaseUrl, base, token)
    : scimBaseUrl.replace(new RegExp(`${base}$`), token);
}
