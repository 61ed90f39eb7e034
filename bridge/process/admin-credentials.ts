import { type ConfiguredCredential } from '../admin/access/credentials';
import { ADMIN_SCOPES } from '../contract/admin-api';
import { digestHex } from '../http/caller';
import { type Config } from './config';

/** The admin credentials of the configuration: the named ones, and the two that have a variable of their own. */
export function configuredCredentials({
  adminToken,
  metricsToken,
  adminCredentials,
}: Pick<Config, 'adminToken' | 'metricsToken' | 'adminCredentials'>): ConfiguredCredential[] {
  const named = adminCredentials.map(({ name, digest, scopes, expiresAt }) => ({
    name,
    digest: digest.replace('sha256:', ''),
    scopes,
    expiresAt: Date.parse(expiresAt),
  }));
  const own = (name: string, secret: string | undefined, scopes: ConfiguredCredential['scopes']) =>
    secret === undefined ? [] : [{ name, digest: digestHex(secret), scopes, expiresAt: undefined }];
  return [...own('admin', adminToken, ADMIN_SCOPES), ...own('metrics', metricsToken, ['metrics']), ...named];
}
