/** Every way to break the product on purpose. */
import { GROUPS } from './groups';
import { GUARD } from './guard';
import { type Mutant } from './mutant';
import { PEOPLE } from './people';
import { QUEUE } from './queue';

export { type Edit, type Mutant } from './mutant';

export const MUTANTS: readonly Mutant[] = [...QUEUE, ...GUARD, ...PEOPLE, ...GROUPS];
