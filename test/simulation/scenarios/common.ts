/** Declarations and people that scenarios begin with. */
import { type Declaration, type Step } from '../histories/step';

export const DOCUMENT: Declaration = {
  groupMappings: { engineering: { idpGroup: 'engineering', group: 'engineering' } },
  roleMappings: {
    admins: { idpGroup: 'admins', role: 'template-admin' },
    owners: { idpGroup: 'owners', role: 'owner' },
  },
};

export const BASE: Step = { do: 'declare', document: DOCUMENT };

/** Ada and Ben in engineering, Ada an administrator of templates. */
export const FIRST: readonly Step[] = [
  BASE,
  { do: 'hire', who: 'ada' },
  { do: 'hire', who: 'ben' },
  { do: 'group', group: 'engineering', members: ['ada', 'ben'] },
  { do: 'group', group: 'admins', members: ['ada'] },
];

/** Groups whose name begins with `team-` become Coder groups. */
export const TEAMS: Declaration = { ...DOCUMENT, pushedGroups: { prefix: 'team-' } };

/** The guard lets this many people lose something within an hour. */
export const LIMIT = 4;
export const GUARDED: Declaration = { ...DOCUMENT, guard: { maxRemovalsPercent: 0, minRemovals: LIMIT } };

/** `p1`, `p2`, … */
export function crowd(size: number): string[] {
  return Array.from({ length: size }, (_, index) => `p${index + 1}`);
}

/** A document, so many people, and all of them in a group. */
export function crowded(document: Declaration, size: number, group = 'engineering', externalId?: string): Step[] {
  const people = crowd(size);
  return [
    { do: 'declare', document },
    { do: 'together', steps: people.map(who => ({ do: 'hire', who })) },
    { do: 'group', group, members: people, ...(externalId === undefined ? {} : { externalId }) },
  ];
}
