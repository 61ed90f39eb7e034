/** OneLogin: bodies come from a JSON template that an administrator edits, in which macros give strings. */
import { type Dialect } from './dialect';

export const onelogin: Dialect = {
  name: 'onelogin',
  coercions: [
    {
      coercion: 'booleanStrings',
      description: 'active as a string, from the macro {$user.active}',
      fixture: 'onelogin/template.json',
    },
    {
      coercion: 'emptyStrings',
      description: 'an object or an element of a list whose macros gave nothing',
      fixture: 'onelogin/groups.json',
    },
    {
      coercion: 'managerId',
      description: 'manager in the shape of SCIM 1.1: managerId and displayName',
      fixture: 'onelogin/template.json',
    },
  ],
  userPatchAnswer: 200,
  groupPatchAnswer: 204,
};
