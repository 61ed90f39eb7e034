/** workspaces-follow: a leaver's running workspaces are stopped, or listed as not ours to stop. */
import { type Scenario } from '../histories/scenario';
import { type Step } from '../histories/step';
import { DOCUMENT, FIRST } from './common';

const promise = 'workspaces-follow';
const RESEARCH: readonly Step[] = [
  { do: 'hand', hand: { verb: 'add-organization', name: 'research' } },
  {
    do: 'declare',
    document: { ...DOCUMENT, groupMappings: { gpu: { idpGroup: 'gpu', organization: 'research', group: 'gpu' } } },
  },
  { do: 'hire', who: 'ada' },
  { do: 'group', group: 'gpu', members: ['ada'] },
];

export const WORKSPACES_FOLLOW: readonly Scenario[] = [
  {
    name: 'leaver-with-a-running-workspace',
    promise,
    core: true,
    given: [...FIRST, { do: 'hand', hand: { verb: 'add-workspace', username: 'ada', name: 'notebook' } }],
    when: [{ do: 'leave', who: 'ada' }],
  },
  {
    name: 'leaver-with-a-dormant-workspace-that-runs',
    promise,
    given: [...FIRST, { do: 'hand', hand: { verb: 'add-workspace', username: 'ada', name: 'attic', dormant: true } }],
    when: [{ do: 'remove', who: 'ada' }],
  },
  {
    name: 'leaver-with-a-workspace-in-another-organization',
    promise,
    given: [
      ...RESEARCH,
      { do: 'hand', hand: { verb: 'add-workspace', username: 'ada', name: 'cluster', organization: 'research' } },
    ],
    when: [{ do: 'leave', who: 'ada' }],
  },
  {
    name: 'taken-out-of-an-organization-with-a-workspace',
    promise,
    given: [
      ...RESEARCH,
      { do: 'hand', hand: { verb: 'add-workspace', username: 'ada', name: 'cluster', organization: 'research' } },
      { do: 'hand', hand: { verb: 'add-workspace', username: 'ada', name: 'notebook' } },
    ],
    when: [{ do: 'quit', group: 'gpu', who: ['ada'] }],
    then: scene => {
      const own = scene.world.coder.double.workspacesByOwner()['ada'] ?? [];
      return [
        own.some(({ name, status }) => name === 'notebook' && status !== 'running') &&
          'a workspace in an organization that the person is still in was stopped',
      ];
    },
  },
  {
    name: 'deleted-with-a-workspace',
    promise,
    given: [
      { do: 'declare', document: { ...DOCUMENT, policies: { leaving: 'delete' } } },
      ...FIRST.slice(1),
      { do: 'hand', hand: { verb: 'add-workspace', username: 'ada', name: 'notebook' } },
    ],
    when: [{ do: 'remove', who: 'ada' }],
    then: scene => [
      scene.withEmail('ada@corp.example')?.status !== 'suspended' && 'an account with a workspace is not suspended',
    ],
  },
];
