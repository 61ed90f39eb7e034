/**
 * authentik: reads ServiceProviderConfig first, replaces a whole group without a path (`schemas`, `id` and `externalId` included),
 * adds and removes members by value, then reads the group and wants `members` in it even when there are none.
 */
import { type Dialect } from './dialect';

export const authentik: Dialect = {
  name: 'authentik',
  coercions: [
    {
      coercion: 'missingSchemas',
      description: 'a PATCH of a group without schemas: the client sends what was set, and schemas has a default',
      fixture: 'authentik/lifecycle.json',
    },
    {
      coercion: 'unknownSchemas',
      description: 'schemas that a property mapping adds',
      fixture: 'authentik/property-mapping.json',
    },
    {
      coercion: 'unknownAttributes',
      description: 'attributes that a property mapping adds',
      fixture: 'authentik/property-mapping.json',
    },
  ],
  userPatchAnswer: 200,
  groupPatchAnswer: 204,
};
