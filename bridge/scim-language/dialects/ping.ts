/** PingFederate and PingOne: people by PUT alone, groups by PATCH, a group is found by reading all of them. */
import { type Dialect } from './dialect';

export const ping: Dialect = {
  name: 'ping',
  coercions: [
    {
      coercion: 'emptyObjects',
      description: 'the enterprise extension of somebody who has none of its attributes',
      fixture: 'ping/pingone-delete.json',
      only: ['urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'],
    },
    {
      coercion: 'unknownSchemas',
      description: 'the URN of a custom schema',
      fixture: 'ping/custom-attributes.json',
    },
    {
      coercion: 'unknownAttributes',
      description: 'custom attributes that a channel maps',
      fixture: 'ping/custom-attributes.json',
    },
  ],
  userPatchAnswer: 200,
  groupPatchAnswer: 204,
  // Its SDK (com.unboundid.product.scim2, 4.1.0) fails on attributes that RFC 7643 does not have, RFC 9865's among them.
  unreadConfig: ['pagination'],
};
