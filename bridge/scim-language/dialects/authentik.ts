/**
 * authentik: reads ServiceProviderConfig first, replaces a whole group without a path (`schemas`, `id` and `externalId` included),
 * adds and removes members by value, then reads the group and wants `members` in it even when there are none.
 */
import { type Dialect } from './dialect';

export const authentik: Dialect = { name: 'authentik', coercions: [], userPatchAnswer: 200, groupPatchAnswer: 204 };
