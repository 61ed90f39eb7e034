/** Google Workspace: people alone, found by userName, suspended by PATCH or deleted after a delay. Needs nothing beyond the RFC. */
import { type Dialect } from './dialect';

export const google: Dialect = { name: 'google', coercions: [], userPatchAnswer: 200, groupPatchAnswer: 204 };
