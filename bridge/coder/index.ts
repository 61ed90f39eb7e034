/** The Coder client: re-exports only. */
export * from './account';
export * from './capabilities';
export * from './client';
export { type CoderExchange, type CoderLog } from './connection';
export * from './credential';
export * from './errors';
export * from './groups';
export * from './idp-sync';
export * from './limits';
export * from './names';
export * from './organizations';
export * from './redact';
export * from './roles';
export * from './token-renewal';
export * from './transport';
export * from './types';
export * from './users';
