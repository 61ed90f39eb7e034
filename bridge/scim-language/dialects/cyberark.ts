/** CyberArk Identity: reads discovery one by one, people by PUT, groups by PATCH. */
import { type Dialect } from './dialect';

export const cyberark: Dialect = {
  name: 'cyberark',
  coercions: [
    {
      coercion: 'unknownSchemas',
      description: 'the URN of a custom schema',
      fixture: 'cyberark/custom-attributes.json',
    },
    {
      coercion: 'unknownAttributes',
      description: 'custom attributes that a provisioning script maps',
      fixture: 'cyberark/custom-attributes.json',
    },
  ],
  userPatchAnswer: 200,
  groupPatchAnswer: 204,
};
