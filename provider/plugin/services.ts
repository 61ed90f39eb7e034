/** The gRPC services that Terraform expects of a plugin, and how an implementation is put behind one. */
import {
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
  status,
} from '@grpc/grpc-js';
import * as m from './messages';
import { type Message, type Received, type Sent, type Slots } from './protobuf';

interface Rpc<I extends Slots = Slots, O extends Slots = Slots> {
  readonly request: Message<I>;
  readonly response: Message<O>;
}

function rpc<I extends Slots, O extends Slots>(request: Message<I>, response: Message<O>): Rpc<I, O> {
  return { request, response };
}

/** `tfplugin6.Provider`: the calls that are answered; Terraform takes a missing one as a feature that is not there. */
export const providerService = {
  GetMetadata: rpc(m.Empty, m.MetadataResponse),
  GetProviderSchema: rpc(m.Empty, m.ProviderSchemaResponse),
  ValidateProviderConfig: rpc(m.ValidateProviderRequest, m.ValidateProviderResponse),
  ValidateResourceConfig: rpc(m.ValidateRequest, m.DiagnosticsResponse),
  ValidateDataResourceConfig: rpc(m.ValidateRequest, m.DiagnosticsResponse),
  UpgradeResourceState: rpc(m.UpgradeStateRequest, m.UpgradeStateResponse),
  ConfigureProvider: rpc(m.ConfigureRequest, m.DiagnosticsResponse),
  ReadResource: rpc(m.ReadRequest, m.ReadResponse),
  PlanResourceChange: rpc(m.PlanRequest, m.PlanResponse),
  ApplyResourceChange: rpc(m.ApplyRequest, m.ApplyResponse),
  ImportResourceState: rpc(m.ImportRequest, m.ImportResponse),
  ReadDataSource: rpc(m.ReadDataRequest, m.ReadDataResponse),
  GetFunctions: rpc(m.Empty, m.FunctionsResponse),
  CallFunction: rpc(m.CallFunctionRequest, m.CallFunctionResponse),
  StopProvider: rpc(m.Empty, m.StopResponse),
} as const;

export type Handlers<S extends { readonly [name: string]: Rpc }> = {
  readonly [N in keyof S]: (
    request: Received<S[N]['request']>,
  ) => Promise<Sent<S[N]['response']>> | Sent<S[N]['response']>;
};
export type ProviderHandlers = Handlers<typeof providerService>;

/** Adds a service of one request and one response per call. */
export function addService<S extends { readonly [name: string]: Rpc }>(
  server: Server,
  service: string,
  rpcs: S,
  handlers: Handlers<S>,
): void {
  for (const [name, { request, response }] of Object.entries(rpcs)) {
    const handle = handlers[name] as (request: unknown) => unknown;
    server.addService(
      {
        [name]: {
          path: `/${service}/${name}`,
          requestStream: false,
          responseStream: false,
          requestDeserialize: (bytes: Buffer): unknown => request.decode(bytes),
          responseSerialize: (value: Sent<Message<Slots>>) => response.encode(value),
          requestSerialize: (value: Sent<Message<Slots>>) => request.encode(value),
          responseDeserialize: (bytes: Buffer): unknown => response.decode(bytes),
        },
      },
      {
        [name]: (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>) => {
          Promise.resolve(call.request)
            .then(handle)
            .then(
              value => answer(null, value),
              (fault: unknown) =>
                answer({ code: status.INTERNAL, details: fault instanceof Error ? fault.message : String(fault) }),
            );
        },
      },
    );
  }
}

/** Adds a call that stays open and says nothing until the server shuts down: output and brokering that we have no use for. */
export function addSilentStream(server: Server, service: string, name: string, requestStream: boolean): void {
  const nothing = (): Buffer => Buffer.alloc(0);
  server.addService(
    {
      [name]: {
        path: `/${service}/${name}`,
        requestStream,
        responseStream: true,
        requestDeserialize: nothing,
        responseSerialize: nothing,
        requestSerialize: nothing,
        responseDeserialize: nothing,
      },
    },
    {
      [name]: (call: ServerWritableStream<Buffer, Buffer>) => {
        call.on('data', () => undefined);
        call.on('error', () => undefined);
        call.on('end', () => call.end());
      },
    },
  );
}
