/**
 * Microsoft Entra ID, with and without `aadOptscim062020` in the tenant URL, and Microsoft's own collections of test requests.
 * A group PATCH is answered without a body: Entra does not want the members back.
 */
import { type Dialect } from './dialect';

const MANAGER = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager';

export const entra: Dialect = {
  name: 'entra',
  coercions: [
    {
      coercion: 'booleanStrings',
      description: 'active and primary as "True" and "False", in bodies, PATCH values, paths and filters',
      fixture: 'entra/legacy-patch.json',
    },
    {
      coercion: 'bareValues',
      description: 'manager as the bare id of the manager',
      fixture: 'entra/manager.json',
      only: [MANAGER],
    },
    {
      coercion: 'emptyStrings',
      description: 'manager as an empty text, where somebody has none any more',
      fixture: 'entra/manager.json',
      only: [MANAGER],
    },
    {
      coercion: 'listOfOne',
      description: 'manager as a list of one',
      fixture: 'entra/manager.json',
      only: [MANAGER],
    },
    {
      coercion: 'createOnUnmatchedReplace',
      description: 'replace of emails[type eq "work"].value where the user has no such address yet',
      fixture: 'entra/legacy-patch.json',
    },
    {
      coercion: 'pathKeys',
      description: 'with aadOptscim062020: one replace without path, whose keys are paths such as "name.givenName"',
      fixture: 'entra/aadoptscim.json',
    },
    {
      coercion: 'flatExtension',
      description: 'department and manager of the enterprise extension at the top level of a new user',
      fixture: 'entra/create-oddities.json',
    },
    {
      coercion: 'misspeltUrns',
      description: 'the enterprise URN with a missing colon or a dot before the attribute',
      fixture: 'entra/create-oddities.json',
    },
    {
      coercion: 'unknownSchemas',
      description: "Microsoft's ADSCIM URI in the schemas of a new group",
      fixture: 'entra/groups.json',
    },
    {
      coercion: 'extraPatchKeys',
      description: 'name and id beside the operations of a PATCH body',
      fixture: 'entra/test-collections.json',
    },
    {
      coercion: 'unquotedFilterValues',
      description: 'filter values without quotes, as in userName sw O',
      fixture: 'entra/test-collections.json',
    },
    {
      coercion: 'roleObjects',
      description: 'roles as objects with id and displayName',
      fixture: 'entra/custom-attributes.json',
    },
    {
      coercion: 'unknownAttributes',
      description: 'attributes of a custom extension, in bodies and PATCH paths',
      fixture: 'entra/custom-attributes.json',
    },
  ],
  userPatchAnswer: 200,
  groupPatchAnswer: 204,
};
