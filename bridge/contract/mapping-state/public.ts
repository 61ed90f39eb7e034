/** What the package offers as `coder-scim/mapping-state`: the document as types, and how one is read, written and refused. */
export { canonicalJson } from './canonical-json';
export type * from './document';
export { mappingStateJsonSchema } from './json-schema';
export { parseMappingState } from './parse';
export { formatPath, MappingStateError, type MappingStateIssue } from './problems';
export * from './vocabulary';
