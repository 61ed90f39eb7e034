/** JumpCloud: makes and removes a test user and a test group when it is switched on; removes members by value. Follows the RFC otherwise. */
import { type Dialect } from './dialect';

export const jumpcloud: Dialect = { name: 'jumpcloud', coercions: [], userPatchAnswer: 200, groupPatchAnswer: 204 };
