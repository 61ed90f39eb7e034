/** How Terraform starts a plugin: what it puts into the environment, and the one line that it waits for on stdout. */

const COOKIE = {
  name: 'TF_PLUGIN_MAGIC_COOKIE',
  value: 'd602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2',
};
const PROTOCOL = 6;
/** Version of go-plugin's own handshake, beneath Terraform's protocol. */
const CORE_PROTOCOL = 1;

/** What the environment says about who started us. */
export interface Invitation {
  /** Certificate of the client, when it wants both sides to prove themselves; every Terraform since 0.12 does. */
  readonly clientCertificate: string | undefined;
  /** Folder for the socket, when the client chose one. */
  readonly socketDirectory: string | undefined;
}

/** Why a plugin can not be started here; the message is for the person at the terminal. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError';
}

/**
 * Reads what Terraform says to a plugin it starts.
 * @throws HandshakeError when nobody did, or when it speaks no protocol that we do.
 */
export function readInvitation(environment: NodeJS.ProcessEnv, description: string): Invitation {
  if (environment[COOKIE.name] !== COOKIE.value) {
    throw new HandshakeError(
      `${description}\n\nThis program is a Terraform provider: Terraform and OpenTofu start it by themselves, it does nothing when started by hand.\nPut it where they look for providers, name it in required_providers, and run \`terraform init\``,
    );
  }
  const offered = environment['PLUGIN_PROTOCOL_VERSIONS'] ?? '';
  if (!offered.split(',').includes(String(PROTOCOL))) {
    throw new HandshakeError(
      `${description}: plugin protocol ${PROTOCOL} is needed, and the program that started it offers ${offered || 'none'}: use Terraform 1.0 or newer`,
    );
  }
  return {
    clientCertificate: environment['PLUGIN_CLIENT_CERT'] || undefined,
    socketDirectory: environment['PLUGIN_UNIX_SOCKET_DIR'] || undefined,
  };
}

/** Where the server listens, in the handshake's words. */
export interface Address {
  readonly network: 'unix' | 'tcp';
  readonly address: string;
}

/** The line to print. go-plugin wants the certificate in base64 without padding. */
export function handshakeLine({ network, address }: Address, certificate: Buffer | undefined): string {
  const encoded = certificate?.toString('base64').replace(/=+$/, '') ?? '';
  return [CORE_PROTOCOL, PROTOCOL, network, address, 'grpc', encoded].join('|');
}
