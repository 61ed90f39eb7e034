/** Every named scenario. */
import { type Scenario } from '../histories/scenario';
import { EXACT_IDENTITY } from './exact-identity';
import { GUARD_HOLDS } from './guard-holds';
import { LEAVER_OUT } from './leaver-out';
import { LEAVERS_PASS } from './leavers-pass';
import { LETS_IN } from './lets-in';
import { NEVER_TOUCHED } from './never-touched';
import { NO_ORPHANS } from './no-orphans';
import { TRUTH } from './truth';

export const SCENARIOS: readonly Scenario[] = [
  ...LEAVER_OUT,
  ...NO_ORPHANS,
  ...GUARD_HOLDS,
  ...LEAVERS_PASS,
  ...NEVER_TOUCHED,
  ...EXACT_IDENTITY,
  ...LETS_IN,
  ...TRUTH,
];
