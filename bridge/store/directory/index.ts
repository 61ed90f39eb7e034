export * from './directory';
export * from './errors';
export * from './resources';
export * from './reading';
