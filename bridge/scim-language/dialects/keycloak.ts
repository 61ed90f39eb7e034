/** Keycloak with a SCIM client extension: whole groups by PUT, without `members` when the last one left; or PATCH with strings for booleans. */
import { type Dialect } from './dialect';

export const keycloak: Dialect = {
  name: 'keycloak',
  coercions: [
    {
      coercion: 'booleanStrings',
      description: 'active as "true" and "false" in PATCH values',
      fixture: 'keycloak/patch.json',
    },
  ],
  userPatchAnswer: 200,
  // As it was recorded: the client reads the group from the answer.
  groupPatchAnswer: 200,
};
