/** The shapes of the admin API: what the bridge answers and what its clients read. Re-exports only. */
export * from './ai-usage';
export * from './app';
export * from './audit';
export * from './credential';
export * from './doctor';
export * from './hold';
export * from './people';
export * from './plan';
export * from './recovery';
export * from './refusal';
export * from './removal';
export * from './requests';
export * from './served-request';
export * from './status';
export * from './throwaway';
