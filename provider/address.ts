/** Where Terraform finds the provider: constructs write it into stacks, the build names the file by it. A leaf. */
import { version } from '../package.json';

/** Host, namespace and name: no registry stands behind the host, the files come with the stack. */
export const PROVIDER_SOURCE = 'terraform.coder-scim.dev/coder-scim/coderscim';
/** Short name: prefix of resource types and of the file's name. */
export const PROVIDER_NAME = 'coderscim';
/** The package's own version: a release is identified by it, so it changes whenever the provider's file does. */
export const PROVIDER_VERSION = version;
/** Platforms that a stack gets the file for; it is one script, the same for all of them. */
export const PROVIDER_PLATFORMS = ['linux_amd64', 'linux_arm64', 'darwin_amd64', 'darwin_arm64'] as const;

/** Path of the provider's file below a stack's folder, where `terraform init` looks without registry or configuration. */
export function pluginPath(platform: string): string {
  return `terraform.d/plugins/${PROVIDER_SOURCE}/${PROVIDER_VERSION}/${platform}/terraform-provider-${PROVIDER_NAME}_v${PROVIDER_VERSION}`;
}
