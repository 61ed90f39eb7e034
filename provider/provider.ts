/** The Terraform provider as data: what it is configured with, and what it offers. */
import { PROVIDER_NAME, PROVIDER_VERSION } from './address';
import { Bridge, readSettings } from './bridge';
import { bridgeUrlProblem } from '../bridge/contract/bridge-url';
import { defineProvider, number, string, Unknown } from './plugin';
import { scimAppResource } from './scim-app/resource';
import { statusDataSource } from './status-data-source';
import { clientSecretDigest, tokenDigest } from './secret-digest';

const DEFAULT_WAIT_SECONDS = 30;

const attributes = {
  url: string({
    description: 'base URL of the bridge as seen from where Terraform runs; default: CODER_SCIM_URL of the environment',
    optional: true,
  }),
  admin_token: string({
    description:
      'admin credential of the bridge; default: CODER_SCIM_ADMIN_TOKEN, or the file that CODER_SCIM_ADMIN_TOKEN_FILE names',
    optional: true,
    sensitive: true,
  }),
  ca_file: string({
    description:
      'PEM file with the certificate of a private authority that signed the one of the bridge; default: CODER_SCIM_CA_FILE. Proxies are those of HTTPS_PROXY, HTTP_PROXY and NO_PROXY',
    optional: true,
  }),
  ca_pem: string({ description: 'the same as text, in place of ca_file', optional: true }),
  wait_seconds: number({
    description: `how long to ask again while the bridge does not answer; default ${DEFAULT_WAIT_SECONDS}`,
    optional: true,
  }),
};

export const coderScimProvider = defineProvider<typeof attributes, Bridge>({
  name: PROVIDER_NAME,
  version: PROVIDER_VERSION,
  schema: { attributes, description: 'SCIM groups, roles and organizations for Coder' },
  validate({ url, wait_seconds: wait, ca_file: file, ca_pem: pem }, { report }) {
    const problem = typeof url === 'string' ? bridgeUrlProblem(url) : undefined;
    if (problem !== undefined) report.error('url is no address of a bridge', problem, ['url']);
    if (typeof wait === 'number' && wait < 0) {
      report.error('wait_seconds is negative', `Got ${wait}, wanted 0 or more.`, ['wait_seconds']);
    }
    if (typeof file === 'string' && typeof pem === 'string') {
      report.error('ca_file and ca_pem exclude each other', 'Both are set, wanted one of the two.', ['ca_pem']);
    }
  },
  configure({ url, admin_token: token, wait_seconds: wait, ca_file: file, ca_pem: pem }) {
    const known = <T>(value: T | Unknown): T | null => (value instanceof Unknown ? null : value);
    return new Bridge(
      readSettings(
        {
          url: known(url),
          token: known(token),
          unknown: [url, token, file, pem].some(value => value instanceof Unknown),
          waitSeconds: typeof wait === 'number' ? wait : DEFAULT_WAIT_SECONDS,
          authority: { file: known(file) ?? undefined, pem: known(pem) ?? undefined },
        },
        process.env,
      ),
    );
  },
  resources: { [`${PROVIDER_NAME}_app`]: scimAppResource },
  dataSources: { [`${PROVIDER_NAME}_status`]: statusDataSource },
  functions: { token_digest: tokenDigest, client_secret_digest: clientSecretDigest },
});
