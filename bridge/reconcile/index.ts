/** The reconcile core: re-exports only. */
export { createReconciler } from './reconciler';
export * from './types';
