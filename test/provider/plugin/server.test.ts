import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { createCertificate } from '../../../provider/plugin/certificate';
import {
  Empty,
  PlanRequest,
  PlanResponse,
  ProviderSchemaResponse,
  StopResponse,
} from '../../../provider/plugin/messages';
import { type Message, type Received, type Sent, type Slots } from '../../../provider/plugin/protobuf';
import { defineProvider, defineResource } from '../../../provider/plugin/define/provider';
import { objectType, string } from '../../../provider/plugin/define/schema';
import { type RunningServer, type ServerOptions, startServer } from '../../../provider/plugin/server';
import { encodeValue } from '../../../provider/plugin/codec';

const attributes = { text: string({ description: 'Text.', required: true }) };

const provider = (onPlan: (signal: AbortSignal) => Promise<void>) =>
  defineProvider({
    name: 'test',
    version: '1.0.0',
    schema: { attributes: {}, description: 'A provider.' },
    configure: () => null,
    resources: {
      test_thing: defineResource<typeof attributes, unknown>({
        schema: { attributes, description: 'A thing.' },
        plan: async ({ signal }) => {
          await onPlan(signal);
          return undefined;
        },
        read: state => Promise.resolve({ state }),
        create: () => Promise.reject(new Error('not here')),
        update: () => Promise.reject(new Error('not here')),
        delete: () => Promise.resolve(),
      }),
    },
  });

let running: RunningServer;
let folder: string;
let clients: Client[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'server-test-'));
  clients = [];
});
afterEach(async () => {
  for (const client of clients) client.close();
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(
  options: ServerOptions = {},
  clientCertificate?: string,
  onPlan = () => Promise.resolve(),
): Promise<void> {
  running = await startServer(provider(onPlan), { clientCertificate, socketDirectory: folder }, options);
}

function call<I extends Slots, O extends Slots>(
  path: string,
  [request, response]: readonly [Message<I>, Message<O>],
  given: Sent<Message<I>>,
  identity = credentials.createInsecure(),
): Promise<Received<Message<O>>> {
  const { network, address } = running.address;
  const client = new Client(network === 'unix' ? `unix:${address}` : address, identity, {
    'grpc.max_receive_message_length': -1,
    'grpc.ssl_target_name_override': 'localhost',
    'grpc.max_reconnect_backoff_ms': 100,
  });
  clients.push(client);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (value: Sent<Message<I>>) => request.encode(value),
      bytes => response.decode(bytes),
      given,
      { deadline: Date.now() + 20_000 },
      (fault, answer) => (answer === undefined ? reject(fault ?? new Error('no answer')) : resolve(answer)),
    );
  });
}

const getSchema = (identity = credentials.createInsecure()) =>
  call('/tfplugin6.Provider/GetProviderSchema', [Empty, ProviderSchemaResponse], {}, identity);

const planOf = (text: string): Sent<typeof PlanRequest> => ({
  typeName: 'test_thing',
  priorState: { msgpack: Buffer.from([0xc0]) },
  config: { msgpack: encodeValue(objectType(attributes), { text }) },
});

test.each(['unix', 'tcp'] as const)('it answers over %s', async network => {
  await start({ network });
  expect(running.address.network).toBe(network);
  expect(Object.keys((await getSchema()).resourceSchemas)).toEqual(['test_thing']);
});

test('only this user may reach the socket, and it is gone afterwards', async () => {
  await start();
  const holder = dirname(running.address.address);
  expect(statSync(holder).mode & 0o077).toBe(0);
  await running.stop();
  expect(existsSync(holder)).toBe(false);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder with too long a name for a socket makes it listen on loopback', async () => {
  rmSync(folder, { recursive: true });
  folder = mkdtempSync(join(tmpdir(), `server-test-${'x'.repeat(100)}`));
  await start();
  expect(running.address.address).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(readdirSync(folder)).toEqual([]);
});

test('with a certificate asked for, only its holder is answered', async () => {
  const [client, stranger] = [createCertificate(), createCertificate()];
  await start({}, client.certificatePem);
  const server = Buffer.from(
    `-----BEGIN CERTIFICATE-----\n${running.certificate?.toString('base64') ?? ''}\n-----END CERTIFICATE-----\n`,
  );
  const as = ({ privateKeyPem, certificatePem }: typeof client) =>
    credentials.createSsl(server, Buffer.from(privateKeyPem), Buffer.from(certificatePem));
  await expect(getSchema(as(client))).resolves.toMatchObject({ serverCapabilities: { planDestroy: true } });
  await expect(getSchema(as(stranger))).rejects.toThrow();
});

test('a value larger than gRPC would take by itself passes', async () => {
  await start();
  const request = planOf('x'.repeat(6_000_000));
  const answer = await call('/tfplugin6.Provider/PlanResourceChange', [PlanRequest, PlanResponse], request);
  expect(answer.plannedState?.msgpack.length).toBeGreaterThan(6_000_000);
});

test('"stop" interrupts what is under way, and that still answers', async () => {
  let reached: () => void;
  const planning = new Promise<void>(resolve => (reached = resolve));
  await start({}, undefined, ((signal: AbortSignal) => {
    reached();
    return new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  }) as () => Promise<void>);
  const plan = call('/tfplugin6.Provider/PlanResourceChange', [PlanRequest, PlanResponse], planOf('x'));
  await planning;
  await call('/tfplugin6.Provider/StopProvider', [Empty, StopResponse], {});
  expect((await plan).diagnostics).toMatchObject([{ severity: 1, summary: 'plan test_thing was interrupted' }]);
});

test('"shut down" is answered before it happens', async () => {
  const ended = new Promise<void>(resolve => {
    void start({ onShutdown: resolve }).then(() => call('/plugin.GRPCController/Shutdown', [Empty, Empty], {}));
  });
  await ended;
});
