/** Every named scenario. */
import { type Scenario } from '../histories/scenario';
import { LEAVER_OUT } from './leaver-out';

export const SCENARIOS: readonly Scenario[] = [...LEAVER_OUT];
