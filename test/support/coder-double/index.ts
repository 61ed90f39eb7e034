/** A server that answers as Coder does, for tests. It holds everything in memory and forgets it on close. */
export { startCoderDouble, type CoderDouble } from './coder-double';
export { seededChance, type Chance } from './state/chance';
export { ManualClock, NEVER, type Clock } from './state/clock';
export { recordedLatency, type Latency } from './weather/latency';
export { PREBUILDS_USER_ID, type Claims, type Group, type Organization, type User } from './state/entities';
export { type FaultMatch, type FaultRule } from './weather/faults';
export { type LoggedCall } from './weather/call-log';
export { type CoderDoubleOptions, type CoderVersion } from './settings';
export { type SignIn } from './sign-in/sign-in';
export { type Snapshot, type UserSnapshot } from './state/snapshot';
