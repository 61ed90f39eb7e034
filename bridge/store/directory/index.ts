export * from './directory';
export * from './errors';
export * from './resources';
export { readNamesakes } from './namesakes';
export * from './reading';
export {
  type Leaving,
  type RefusedLeaving,
  countRefusedLeavings,
  dropRefusedLeaving,
  findRefusedLeavings,
  listRefusedLeavings,
} from './refused-leavings';
