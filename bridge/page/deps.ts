/** What the page is given by the composition root: what the admin API has, and how people sign in. */
import { type AdminDeps } from '../admin/deps';
import { type OidcOptions } from './sign-in/oidc';

export interface PageDeps extends AdminDeps {
  /** Sign-in by OpenID Connect; undefined: by an admin credential. */
  readonly oidc: OidcOptions | undefined;
  /** Aborted when the bridge stops: what follows live ends. */
  readonly stopping: AbortSignal;
}
