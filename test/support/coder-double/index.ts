/** A server that answers as Coder does, for tests. It holds everything in memory and forgets it on close. */
export { startCoderDouble, type CoderDouble } from './coder-double';
export { ManualClock, type Clock } from './clock';
export { recordedLatency, type Latency } from './latency';
export { PREBUILDS_USER_ID, type Claims, type Group, type Organization, type User } from './entities';
export { type FaultMatch, type FaultRule } from './faults';
export { type LoggedCall } from './call-log';
export { type CoderDoubleOptions, type CoderVersion } from './settings';
export { type SignIn } from './sign-in';
export { type Snapshot, type UserSnapshot } from './snapshot';
