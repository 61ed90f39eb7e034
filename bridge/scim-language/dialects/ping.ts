/** PingFederate and PingOne: people by PUT alone, groups by PATCH, a group is found by reading all of them. Needs nothing beyond the RFC. */
import { type Dialect } from './dialect';

export const ping: Dialect = { name: 'ping', coercions: [], userPatchAnswer: 200, groupPatchAnswer: 204 };
