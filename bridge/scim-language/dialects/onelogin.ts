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
      coercion: 'emptyElements',
      description: 'an element of a list whose macros gave nothing',
      fixture: 'onelogin/groups.json',
    },
    {
      coercion: 'managerId',
      description: 'manager in the shape of SCIM 1.1: managerId and displayName',
      fixture: 'onelogin/template.json',
    },
    {
      coercion: 'scim11Urns',
      description: 'a template whose schemas and extension are spelt as in SCIM 1.1',
      fixture: 'onelogin/old-urns.json',
    },
    {
      coercion: 'unknownSchemas',
      description: 'the URN of a custom schema in a template',
      fixture: 'onelogin/custom-attributes.json',
    },
    {
      coercion: 'unknownAttributes',
      description: 'custom attributes in a template',
      fixture: 'onelogin/custom-attributes.json',
    },
  ],
  userPatchAnswer: 200,
  groupPatchAnswer: 204,
};
