/** The Coder client: re-exports only. */
export * from './account/account';
export { type MissingRight, type RightsNeeds } from './account/rights';
export * from './account/token-renewal';
export * from './capabilities';
export * from './client';
export { type CoderExchange, type CoderLog } from './transport/connection';
export * from './transport/credential';
export * from './transport/errors';
export * from './groups';
export * from './idp-sync';
export * from './transport/limits';
export * from './names';
export * from './organizations';
export * from './transport/redact';
export * from './roles';
export * from './transport/transport';
export * from './types';
export * from './users';
