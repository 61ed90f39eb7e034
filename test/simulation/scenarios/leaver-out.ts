/** leaver-out: whoever is out can sign in to no account that the bridge made, linked, or that bears an address of theirs. */
import { type Scenario } from '../histories/scenario';
import { BASE, FIRST } from './common';

export const LEAVER_OUT: readonly Scenario[] = [
  {
    name: 'somebody-leaves',
    promise: 'leaver-out',
    core: true,
    given: FIRST,
    when: [{ do: 'leave', who: 'ada' }],
  },
  {
    name: 'hired-and-left',
    promise: 'leaver-out',
    core: true,
    given: [BASE],
    when: [
      { do: 'hire', who: 'cleo' },
      { do: 'leave', who: 'cleo' },
    ],
  },
];
