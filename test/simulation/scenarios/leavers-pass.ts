/** leavers-pass: a held plan holds what it is about; a single person leaving is never behind it. */
import { type Scenario } from '../histories/scenario';
import { type Step } from '../histories/step';
import { type Scene } from '../checks/scene';
import { crowd, crowded, GUARDED, LIMIT } from './common';

const promise = 'leavers-pass';
const SIZE = 8;
const GIVEN: readonly Step[] = [...crowded(GUARDED, SIZE), { do: 'hire', who: 'zoe' }];

function out(scene: Scene, ...keys: string[]): (string | false)[] {
  return keys.map(key => {
    const account = scene.landing(key);
    return account !== undefined && account.status !== 'suspended' && `${key} left alone and is still in`;
  });
}

export const LEAVERS_PASS: readonly Scenario[] = [
  {
    name: 'leavers-beside-a-hold',
    promise,
    core: true,
    given: GIVEN,
    when: [
      { do: 'members', group: 'engineering', who: [], by: 'PUT' },
      { do: 'leave', who: 'zoe' },
      { do: 'leave', who: 'p1' },
      { do: 'remove', who: 'p2' },
    ],
    mayHold: crowd(SIZE).slice(2),
    then: scene => out(scene, 'zoe', 'p1', 'p2'),
  },
  {
    name: 'leavers-after-a-release',
    promise,
    given: GIVEN,
    when: [
      { do: 'members', group: 'engineering', who: [], by: 'PUT' },
      { do: 'wait', seconds: 20 },
      { do: 'release' },
      { do: 'wait', seconds: 20 },
      { do: 'leave', who: 'zoe' },
      { do: 'leave', who: 'p1' },
      { do: 'remove', who: 'p2' },
    ],
    mayHold: crowd(SIZE).slice(2),
    then: scene => out(scene, 'zoe', 'p1', 'p2'),
  },
  {
    name: 'leavers-are-no-plan-of-an-emptied-group',
    promise,
    given: crowded(GUARDED, SIZE, 'admins'),
    when: [
      { do: 'away' },
      { do: 'members', group: 'admins', who: [], by: 'PUT' },
      ...crowd(LIMIT + 1).map((who): Step => ({ do: 'leave', who })),
      { do: 'back' },
    ],
    mayHold: crowd(SIZE),
    // As many as may, though one more has left than that.
    then: scene => {
      const left = out(scene, ...crowd(LIMIT + 1)).filter(text => text !== false);
      return [left.length > 1 && left.join('; ')];
    },
  },
  {
    name: 'leavers-beside-a-held-app',
    promise,
    given: GIVEN,
    when: [
      { do: 'declare', document: { ...GUARDED, groupMappings: {} } },
      { do: 'leave', who: 'zoe' },
      { do: 'leave', who: 'p1' },
    ],
    mayHold: crowd(SIZE).slice(1),
    then: scene => out(scene, 'zoe', 'p1'),
  },
  {
    name: 'leavers-first-after-an-outage',
    promise,
    given: GIVEN,
    when: [
      { do: 'away' },
      { do: 'together', steps: crowd(6).map(who => ({ do: 'change', who, userName: `${who}.new@corp.example` })) },
      { do: 'leave', who: 'zoe' },
      { do: 'wait', seconds: 120 },
      { do: 'back' },
      { do: 'wait', seconds: 40 },
    ],
    then: scene => out(scene, 'zoe'),
  },
];
