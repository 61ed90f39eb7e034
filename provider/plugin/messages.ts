/**
 * Messages of the plugin protocol, version 6.8, by their documented field numbers: those that this library reads or writes.
 * Fields that it neither fills nor looks at are left out, which on the wire is the same as not set.
 */
import { bytes, byName, enumeration, flag, integer, many, message, one, text } from './protobuf';

export const Empty = message('Empty', {});

/** A value: MessagePack from us always, from Terraform nearly always. */
export const DynamicValue = message('DynamicValue', { msgpack: bytes(1), json: bytes(2) });

/** Exactly one of the three is set. */
export const PathStep = message('PathStep', {
  attributeName: text(1),
  elementKeyString: text(2),
  elementKeyInt: integer(3),
});
export const AttributePath = message('AttributePath', { steps: many(1, PathStep) });

export const SEVERITY = { error: 1, warning: 2 } as const;
export const DiagnosticMessage = message('Diagnostic', {
  severity: enumeration(1),
  summary: text(2),
  detail: text(3),
  attribute: one(4, AttributePath),
});

export const NESTING = { single: 1, list: 2, set: 3, map: 4 } as const;
// An attribute holds an object that holds attributes. The inner one is given encoded, which on the wire is the same.
export const AttributeMessage = message('Attribute', {
  name: text(1),
  type: bytes(2),
  description: text(3),
  required: flag(4),
  optional: flag(5),
  computed: flag(6),
  sensitive: flag(7),
  deprecated: flag(9),
  nestedType: bytes(10),
  writeOnly: flag(11),
});
export const NestedObject = message('NestedObject', { attributes: many(1, AttributeMessage), nesting: enumeration(3) });
export const BlockMessage = message('Block', {
  version: integer(1),
  attributes: many(2, AttributeMessage),
  description: text(4),
});
export const SchemaMessage = message('Schema', { version: integer(1), block: one(2, BlockMessage) });

export const FunctionParameter = message('FunctionParameter', { name: text(1), type: bytes(2), description: text(5) });
export const FunctionReturn = message('FunctionReturn', { type: bytes(1) });
export const FunctionMessage = message('Function', {
  parameters: many(1, FunctionParameter),
  return: one(3, FunctionReturn),
  summary: text(4),
  description: text(5),
});
export const FunctionFault = message('FunctionFault', { text: text(1), functionArgument: integer(2) });

export const ServerCapabilities = message('ServerCapabilities', {
  planDestroy: flag(1),
  getProviderSchemaOptional: flag(2),
});

const Named = message('Named', { typeName: text(1) });
export const MetadataResponse = message('MetadataResponse', {
  serverCapabilities: one(1, ServerCapabilities),
  dataSources: many(3, Named),
  resources: many(4, Named),
  functions: many(5, Named),
});

export const ProviderSchemaResponse = message('ProviderSchemaResponse', {
  provider: one(1, SchemaMessage),
  resourceSchemas: byName(2, SchemaMessage),
  dataSourceSchemas: byName(3, SchemaMessage),
  serverCapabilities: one(6, ServerCapabilities),
  functions: byName(7, FunctionMessage),
});

export const ValidateProviderRequest = message('ValidateProviderRequest', { config: one(1, DynamicValue) });
/** Field 1 was a prepared configuration in protocol 5. */
export const ValidateProviderResponse = message('ValidateProviderResponse', {
  diagnostics: many(2, DiagnosticMessage),
});

export const ValidateRequest = message('ValidateRequest', { typeName: text(1), config: one(2, DynamicValue) });
export const DiagnosticsResponse = message('DiagnosticsResponse', { diagnostics: many(1, DiagnosticMessage) });

const RawState = message('RawState', { json: bytes(1) });
export const UpgradeStateRequest = message('UpgradeStateRequest', {
  typeName: text(1),
  version: integer(2),
  rawState: one(3, RawState),
});
export const UpgradeStateResponse = message('UpgradeStateResponse', {
  upgradedState: one(1, DynamicValue),
  diagnostics: many(2, DiagnosticMessage),
});

export const ConfigureRequest = message('ConfigureRequest', {
  terraformVersion: text(1),
  config: one(2, DynamicValue),
});

export const ReadRequest = message('ReadRequest', {
  typeName: text(1),
  currentState: one(2, DynamicValue),
  private: bytes(3),
});
export const ReadResponse = message('ReadResponse', {
  newState: one(1, DynamicValue),
  diagnostics: many(2, DiagnosticMessage),
  private: bytes(3),
});

export const PlanRequest = message('PlanRequest', {
  typeName: text(1),
  priorState: one(2, DynamicValue),
  config: one(4, DynamicValue),
  priorPrivate: bytes(5),
});
export const PlanResponse = message('PlanResponse', {
  plannedState: one(1, DynamicValue),
  requiresReplace: many(2, AttributePath),
  plannedPrivate: bytes(3),
  diagnostics: many(4, DiagnosticMessage),
});

export const ApplyRequest = message('ApplyRequest', {
  typeName: text(1),
  priorState: one(2, DynamicValue),
  plannedState: one(3, DynamicValue),
  config: one(4, DynamicValue),
  plannedPrivate: bytes(5),
});
export const ApplyResponse = message('ApplyResponse', {
  newState: one(1, DynamicValue),
  private: bytes(2),
  diagnostics: many(3, DiagnosticMessage),
});

export const ImportRequest = message('ImportRequest', { typeName: text(1), id: text(2) });
const ImportedResource = message('ImportedResource', {
  typeName: text(1),
  state: one(2, DynamicValue),
  private: bytes(3),
});
export const ImportResponse = message('ImportResponse', {
  importedResources: many(1, ImportedResource),
  diagnostics: many(2, DiagnosticMessage),
});

export const ReadDataRequest = message('ReadDataRequest', { typeName: text(1), config: one(2, DynamicValue) });
export const ReadDataResponse = message('ReadDataResponse', {
  state: one(1, DynamicValue),
  diagnostics: many(2, DiagnosticMessage),
});

export const FunctionsResponse = message('FunctionsResponse', { functions: byName(1, FunctionMessage) });
export const CallFunctionRequest = message('CallFunctionRequest', { name: text(1), arguments: many(2, DynamicValue) });
export const CallFunctionResponse = message('CallFunctionResponse', {
  result: one(1, DynamicValue),
  error: one(2, FunctionFault),
});

export const StopResponse = message('StopResponse', { error: text(1) });

/** Health of a service, as go-plugin asks it: 1 is "serving". */
export const HealthResponse = message('HealthResponse', { status: enumeration(1) });
export const SERVING = 1;
