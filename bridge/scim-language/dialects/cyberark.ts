/** CyberArk Identity: reads discovery one by one, people by PUT, groups by PATCH. Needs nothing beyond the RFC. */
import { type Dialect } from './dialect';

export const cyberark: Dialect = { name: 'cyberark', coercions: [], userPatchAnswer: 200, groupPatchAnswer: 204 };
