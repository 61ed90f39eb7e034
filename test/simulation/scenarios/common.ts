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
