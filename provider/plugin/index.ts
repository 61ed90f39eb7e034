export { type DataSource } from './data-source';
export { type Diagnostic, ProviderError, type Report } from './diagnostics';
export { type Path } from './path';
export { defineDataSource, defineProvider, defineResource, type Provider } from './provider';
export { defineFunction, FunctionError, type ProviderFunction } from './provider-function';
export {
  type ApplyContext,
  type CallContext,
  type Outcome,
  type PlanContext,
  type PlanOutcome,
  type RemoteContext,
  type Resource,
} from './resource';
export {
  type Attribute,
  type Attributes,
  bool,
  list,
  map,
  nested,
  nestedList,
  nestedMap,
  nestedSet,
  number,
  object,
  type PlannedOf,
  type Schema,
  set,
  type StateOf,
  string,
} from './schema';
export { serve } from './serve';
export { type Type } from './type';
export {
  Decimal,
  isList,
  isObject,
  isWhollyKnown,
  type ObjectValue,
  Unknown,
  UNKNOWN,
  type Unresolved,
  type Value,
} from './value';
