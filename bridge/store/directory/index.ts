export * from './directory';
export * from './errors';
export * from './resources';
export { enqueueEverybodyIn } from './large/everybody';
export { looseSetsOf } from './large/loose-sets';
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
