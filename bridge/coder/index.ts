/** The Coder client: re-exports only. */
export * from './account';
export * from './capabilities';
export * from './client';
export * from './errors';
export * from './groups';
export * from './idp-sync';
export * from './organizations';
export * from './roles';
export * from './types';
export * from './users';
