import { IDENTITY_PROVIDERS } from '../bridge/contract/mapping-state/vocabulary';

type Name = (typeof IDENTITY_PROVIDERS)[number];

/** The identity provider that speaks to a SCIM app: chooses the dialect, i.e. which deviations from RFC 7644 are understood. */
export class IdentityProvider {
  /** RFC 7643/7644 and nothing else. */
  static readonly GENERIC = new IdentityProvider('generic');
  /** Okta, both app-wizard and integration-network apps. */
  static readonly OKTA = new IdentityProvider('okta');
  /** Microsoft Entra ID, with and without `aadOptscim062020`. */
  static readonly ENTRA = new IdentityProvider('entra');
  /** OneLogin, with the SCIM v2 application. */
  static readonly ONELOGIN = new IdentityProvider('onelogin');
  /** JumpCloud. */
  static readonly JUMPCLOUD = new IdentityProvider('jumpcloud');
  /** PingFederate and PingOne. */
  static readonly PING = new IdentityProvider('ping');
  /** Google Workspace. */
  static readonly GOOGLE = new IdentityProvider('google');
  /** authentik. */
  static readonly AUTHENTIK = new IdentityProvider('authentik');
  /** Keycloak with a SCIM client extension. */
  static readonly KEYCLOAK = new IdentityProvider('keycloak');
  /** CyberArk Identity. */
  static readonly CYBERARK = new IdentityProvider('cyberark');

  /**
   * An identity provider by the name that the mapping state uses, e.g. from configuration.
   * @throws Error when the name is none of the known ones
   */
  static custom(name: string): IdentityProvider {
    const known = IDENTITY_PROVIDERS.find(candidate => candidate === name);
    if (known === undefined) {
      throw new Error(
        `unknown identity provider ${JSON.stringify(name)}: wanted one of ${IDENTITY_PROVIDERS.join(', ')}; "generic" follows the RFC`,
      );
    }
    return new IdentityProvider(known);
  }

  /** @internal How each is written in a stack. */
  static get _constants(): readonly string[] {
    return Object.entries(IdentityProvider).flatMap(([name, value]) =>
      value instanceof IdentityProvider ? [`IdentityProvider.${name}`] : [],
    );
  }

  /** @internal Whether a value is one, also one of another copy of this package. */
  static _is(this: void, value: unknown): value is IdentityProvider {
    const { name } = (value ?? {}) as { readonly name?: unknown };
    return typeof value === 'object' && IDENTITY_PROVIDERS.some(known => known === name);
  }

  private constructor(
    /** Name in the mapping state. */
    readonly name: Name,
  ) {}
}
