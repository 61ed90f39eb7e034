/** JumpCloud: makes and removes a test user and a test group when it is switched on; removes members by value. */
import { type Dialect } from './dialect';

export const jumpcloud: Dialect = {
  name: 'jumpcloud',
  coercions: [
    {
      coercion: 'unknownSchemas',
      description: 'the URN of a custom schema',
      fixture: 'jumpcloud/custom-attributes.json',
    },
    {
      coercion: 'unknownAttributes',
      description: 'custom attributes that an administrator maps',
      fixture: 'jumpcloud/custom-attributes.json',
    },
  ],
  userPatchAnswer: 200,
  groupPatchAnswer: 204,
};
