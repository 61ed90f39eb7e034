/** no-orphans: what the bridge made and nothing declares any more is gone, or listed. */
import { type Scenario } from '../histories/scenario';
import { BASE, DOCUMENT, FIRST, TEAMS } from './common';

const promise = 'no-orphans';
const TEAM_PEOPLE = [
  { do: 'declare', document: TEAMS },
  { do: 'hire', who: 'ada' },
  { do: 'hire', who: 'ben' },
] as const;

export const NO_ORPHANS: readonly Scenario[] = [
  {
    name: 'hired-and-readdressed',
    promise,
    core: true,
    given: [BASE],
    when: [
      { do: 'hire', who: 'cleo' },
      { do: 'change', who: 'cleo', email: 'cleo.new@corp.example' },
    ],
  },
  {
    name: 'team-posted-and-renamed',
    promise,
    core: true,
    given: TEAM_PEOPLE,
    when: [
      { do: 'group', group: 'team-blue', members: ['ada'] },
      { do: 'rename', group: 'team-blue', to: 'team-green' },
    ],
  },
  {
    name: 'team-posted-and-disbanded',
    promise,
    given: TEAM_PEOPLE,
    when: [
      { do: 'group', group: 'team-blue', members: ['ada', 'ben'] },
      { do: 'disband', group: 'team-blue' },
    ],
  },
  {
    name: 'team-disbanded-and-its-member-made-anew',
    promise,
    given: [...TEAM_PEOPLE, { do: 'group', group: 'team-blue', members: ['ada'] }],
    when: [
      { do: 'away' },
      { do: 'disband', group: 'team-blue' },
      { do: 'change', who: 'ada', email: 'ada.new@corp.example' },
      { do: 'wait', seconds: 20 },
      { do: 'back' },
    ],
  },
  {
    name: 'team-disbanded-and-its-member-hired-again',
    promise,
    given: [...TEAM_PEOPLE, { do: 'group', group: 'team-blue', members: ['ada'] }],
    when: [
      { do: 'leave', who: 'ada' },
      { do: 'disband', group: 'team-blue' },
      { do: 'hire', who: 'ada-again', email: 'ada@corp.example', userName: 'ada.again@corp.example' },
    ],
  },
  {
    name: 'team-renamed-out-of-the-prefix',
    promise,
    given: [...TEAM_PEOPLE, { do: 'group', group: 'team-blue', members: ['ada', 'ben'] }],
    when: [{ do: 'rename', group: 'team-blue', to: 'blue' }],
  },
  {
    name: 'team-renamed-into-the-prefix',
    promise,
    given: [...TEAM_PEOPLE, { do: 'group', group: 'blue', members: ['ada', 'ben'] }],
    when: [{ do: 'rename', group: 'blue', to: 'team-blue' }],
  },
  {
    name: 'name-of-a-team-goes-to-another-one',
    promise: 'settles',
    given: [...TEAM_PEOPLE, { do: 'group', group: 'team-blue', members: ['ada'] }],
    when: [
      { do: 'rename', group: 'team-blue', to: 'team-green' },
      { do: 'group', group: 'team-blue-again', name: 'team-blue', members: ['ben'] },
    ],
  },
  {
    name: 'name-of-a-disbanded-team-goes-to-another-one',
    promise: 'settles',
    given: [...TEAM_PEOPLE, { do: 'group', group: 'team-blue', members: ['ada'] }],
    when: [
      { do: 'disband', group: 'team-blue' },
      { do: 'group', group: 'team-blue-again', name: 'team-blue', members: ['ben'] },
    ],
  },
  {
    name: 'mapping-dropped',
    promise,
    given: FIRST,
    when: [{ do: 'declare', document: { ...DOCUMENT, groupMappings: {} } }],
  },
  {
    name: 'mapping-renamed',
    promise,
    given: FIRST,
    when: [
      {
        do: 'declare',
        document: { ...DOCUMENT, groupMappings: { engineering: { idpGroup: 'engineering', group: 'engineers' } } },
      },
    ],
  },
  { name: 'app-deleted', promise, given: FIRST, when: [{ do: 'undeclare' }] },
  {
    name: 'app-deleted-while-somebody-is-hired',
    promise,
    given: FIRST,
    when: [{ do: 'hire', who: 'cleo' }, { do: 'undeclare' }],
  },
];
