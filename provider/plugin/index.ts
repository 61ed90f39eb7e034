export { type DataSource } from './define/data-source';
export { type Diagnostic, ProviderError, type Report } from './define/diagnostics';
export { type Path } from './define/path';
export { defineDataSource, defineProvider, defineResource, type Provider } from './define/provider';
export { defineFunction, FunctionError, type ProviderFunction } from './define/provider-function';
export {
  type ApplyContext,
  type CallContext,
  type Outcome,
  type PlanContext,
  type PlanOutcome,
  type RemoteContext,
  type Resource,
} from './define/resource';
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
} from './define/schema';
export { serve } from './serve';
export { type Type } from './define/type';
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
} from './define/value';
