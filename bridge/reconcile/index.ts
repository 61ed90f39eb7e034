/** The reconcile core: re-exports only. */
export * from './types';
