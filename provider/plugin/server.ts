/** The gRPC server of a plugin: the provider service, and those of go-plugin around it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { createCertificate } from './certificate';
import { dispatch } from './dispatch';
import { type Address, type Invitation } from './handshake';
import { Empty, HealthResponse, SERVING } from './messages';
import { type Provider } from './define/provider';
import { addService, addSilentStream, providerService } from './services';

/** Longest path of a socket that every Unix takes (`sun_path`), with its end mark. */
const MAX_SOCKET_PATH = 103;

export interface RunningServer {
  readonly address: Address;
  /** Certificate to name in the handshake; undefined when the client asked for none. */
  readonly certificate: Buffer | undefined;
  /** Ends the server and removes its socket. Calls under way are given a moment. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** @default 'tcp' on Windows, 'unix' elsewhere */
  readonly network?: Address['network'];
  /** Called when Terraform asks the plugin to end. */
  readonly onShutdown?: () => void;
}

/** Starts serving a provider on an address of its own. */
export async function startServer(
  provider: Provider,
  { clientCertificate, socketDirectory }: Pick<Invitation, 'clientCertificate' | 'socketDirectory'>,
  { network, onShutdown }: ServerOptions = {},
): Promise<RunningServer> {
  const interrupt = new AbortController();
  // State and schemas can be larger than gRPC's default of 4 MB.
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  addService(server, 'tfplugin6.Provider', providerService, dispatch(provider, interrupt));
  addService(
    server,
    'grpc.health.v1.Health',
    { Check: { request: Empty, response: HealthResponse } },
    { Check: () => ({ status: SERVING }) },
  );
  addService(
    server,
    'plugin.GRPCController',
    { Shutdown: { request: Empty, response: Empty } },
    {
      Shutdown: () => {
        setImmediate(() => onShutdown?.());
        return {};
      },
    },
  );
  addSilentStream(server, 'plugin.GRPCStdio', 'StreamStdio', false);
  addSilentStream(server, 'plugin.GRPCBroker', 'StartStream', true);

  const certificate = clientCertificate === undefined ? undefined : createCertificate();
  const credentials =
    clientCertificate === undefined || certificate === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(
          Buffer.from(clientCertificate),
          [
            {
              private_key: Buffer.from(certificate.privateKeyPem),
              cert_chain: Buffer.from(certificate.certificatePem),
            },
          ],
          true,
        );
  const place = chooseAddress(network ?? (process.platform === 'win32' ? 'tcp' : 'unix'), socketDirectory);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(place.target, credentials, (fault, bound) => (fault === null ? resolve(bound) : reject(fault)));
  }).catch((fault: unknown) => {
    place.remove();
    throw fault;
  });
  // Whatever ends the process by itself; a signal that ends it at once leaves the folder.
  process.once('exit', place.remove);
  return {
    address:
      place.network === 'unix'
        ? { network: 'unix', address: place.path }
        : { network: 'tcp', address: `127.0.0.1:${port}` },
    certificate: certificate?.der,
    stop: async () => {
      // First, because Terraform kills a plugin that takes more than two seconds to end. Open connections don't need it.
      place.remove();
      process.off('exit', place.remove);
      interrupt.abort();
      const forced = setTimeout(() => server.forceShutdown(), 500);
      await new Promise<void>(resolve => server.tryShutdown(() => resolve()));
      clearTimeout(forced);
    },
  };
}

type Place = { target: string; remove: () => void } & ({ network: 'unix'; path: string } | { network: 'tcp' });

function chooseAddress(network: Address['network'], directory: string | undefined): Place {
  if (network === 'unix') {
    // A folder that only this user may enter: the socket itself has the process's default mode.
    const folder = mkdtempSync(join(directory ?? tmpdir(), 'plugin-'));
    const path = join(folder, 'socket');
    // A folder that is left over keeps nobody from ending what they are at.
    const remove = () => {
      try {
        rmSync(folder, { recursive: true, force: true });
      } catch (fault) {
        console.warn(`the folder ${folder} could not be removed: ${String(fault)}`);
      }
    };
    if (Buffer.byteLength(path) <= MAX_SOCKET_PATH) return { network, path, target: `unix:${path}`, remove };
    remove();
  }
  return { network: 'tcp', target: '127.0.0.1:0', remove: () => undefined };
}
