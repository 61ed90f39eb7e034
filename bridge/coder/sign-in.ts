/** What Coder saw at sign-ins by OIDC, and what it reads there. Questions alone. */
import * as z from 'zod';
import { CoderError } from './transport/errors';
import { type Transport } from './transport/transport';

/** Which claims of OIDC give an account its e-mail and, when it is made by a sign-in, its username. */
export interface SignInClaims {
  /** `CODER_OIDC_EMAIL_FIELD`. */
  readonly email: string;
  /** `CODER_OIDC_USERNAME_FIELD`. */
  readonly username: string;
  /** `CODER_OIDC_EMAIL_DOMAIN`: whoever has an address elsewhere can not sign in. Empty: any. */
  readonly emailDomains: readonly string[];
}

export interface SignInCalls {
  /**
   * Names of the claims of everybody's last sign-in; empty while nobody has signed in by OIDC.
   * @throws CoderError `forbidden` for accounts that may not read sync settings
   */
  listSeenClaims(): Promise<readonly string[]>;
  /** Texts that were in that claim, alone or in a list. @throws CoderError as `listSeenClaims` */
  listSeenValues(claim: string): Promise<readonly string[]>;
  /** Undefined for accounts that may not see the deployment's configuration: all but owners and auditors. */
  getSignInClaims(): Promise<SignInClaims | undefined>;
}

const SEEN = z
  .array(z.string())
  .nullable()
  .transform(values => values ?? []);

const DeploymentConfig = z.object({
  config: z.object({
    oidc: z
      .object({
        email_field: z.string().nullish(),
        username_field: z.string().nullish(),
        email_domain: z.array(z.string()).nullish(),
      })
      .nullish(),
  }),
});

const HIDDEN = ['forbidden', 'not_found_or_forbidden', 'unsupported', 'unexpected'];

export function signInCalls(transport: Transport): SignInCalls {
  return {
    listSeenClaims: () => transport.send({ method: 'GET', path: '/settings/idpsync/available-fields', read: SEEN }),
    listSeenValues: claim =>
      transport.send({
        method: 'GET',
        path: '/settings/idpsync/field-values',
        query: { claimField: claim },
        read: SEEN,
      }),
    async getSignInClaims() {
      try {
        const { config } = await transport.send({ method: 'GET', path: '/deployment/config', read: DeploymentConfig });
        return {
          email: config.oidc?.email_field ?? '',
          username: config.oidc?.username_field ?? '',
          emailDomains: config.oidc?.email_domain ?? [],
        };
      } catch (error) {
        if (error instanceof CoderError && HIDDEN.includes(error.kind)) return undefined;
        throw error;
      }
    },
  };
}
