/**
 * Okta: applications of the Okta Integration Network PATCH, those of the App Integration Wizard PUT: a PUT
 * of the body of a GET, read-only attributes included, and a path-less `replace` with the unchanged `id` are part of it. Custom
 * attributes have a URN of their own, as an administrator chose it.
 */
import { type Dialect } from './dialect';

export const okta: Dialect = {
  name: 'okta',
  coercions: [
    {
      coercion: 'unknownSchemas',
      description: 'the URN of a custom schema of users or groups',
      fixture: 'okta/custom-attributes.json',
    },
    {
      coercion: 'unknownAttributes',
      description: 'custom attributes of users and groups',
      fixture: 'okta/custom-attributes.json',
    },
  ],
  userPatchAnswer: 200,
  groupPatchAnswer: 204,
};
