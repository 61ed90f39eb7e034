/** Where Terraform finds the provider: constructs write it into stacks, the build names the file by it. A leaf. */
import { version } from '../package.json';

/**
 * Host, namespace and name. Names below `.invalid` are never anybody's (RFC 2606 §2, RFC 6761 §6.4): no registry can stand
 * behind this one, so what comes with the stack, or from a mirror, is all that can be installed.
 */
export const PROVIDER_HOST = 'coder-scim.invalid';
export const PROVIDER_SOURCE = `${PROVIDER_HOST}/coder-scim/coderscim`;
/** Short name: prefix of resource types and of the file's name. */
export const PROVIDER_NAME = 'coderscim';
/** The package's own version: a release is identified by it, so it changes whenever the provider's file does. */
export const PROVIDER_VERSION = version;
/** Platforms that a stack gets the files for. */
export const PROVIDER_PLATFORMS = [
  'linux_amd64',
  'linux_arm64',
  'darwin_amd64',
  'darwin_arm64',
  'windows_amd64',
] as const;
export type ProviderPlatform = (typeof PROVIDER_PLATFORMS)[number];

/** A file of the provider: its name in the folder of a platform, and in the built package. */
export interface ProviderFile {
  readonly name: string;
  readonly built: string;
}

/** What Terraform starts comes first; it is one script for all platforms, with a launcher where none can be started. */
export function providerFiles(platform: ProviderPlatform): readonly ProviderFile[] {
  const script = `provider/terraform-provider-${PROVIDER_NAME}`;
  const name = `terraform-provider-${PROVIDER_NAME}_v${PROVIDER_VERSION}`;
  if (!platform.startsWith('windows')) return [{ name, built: script }];
  return [
    { name: `${name}.cmd`, built: `${script}.cmd` },
    { name: `${PROVIDER_NAME}.js`, built: script },
  ];
}

/** Folder of a platform's files below a stack's, where `terraform init` looks without registry or configuration. */
export function pluginFolder(platform: ProviderPlatform): string {
  return `${PLUGINS}/${PROVIDER_SOURCE}/${PROVIDER_VERSION}/${platform}`;
}

const PLUGINS = 'terraform.d/plugins';

/** Name, in a stack's folder, of the file for TF_CLI_CONFIG_FILE that lets `terraform -chdir` find the provider. */
export const CLI_CONFIG_FILE = 'coder-scim.tfrc';

/** Its text. The path is seen from the stack's folder, also when Terraform is started elsewhere with `-chdir`. */
export const CLI_CONFIG = `# For terraform -chdir: TF_CLI_CONFIG_FILE=STACK/${CLI_CONFIG_FILE} terraform -chdir=STACK init
provider_installation {
  filesystem_mirror {
    path    = "${PLUGINS}"
    include = ["${PROVIDER_HOST}/*/*"]
  }
  direct {
    exclude = ["${PROVIDER_HOST}/*/*"]
  }
}
`;
