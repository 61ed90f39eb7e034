/**
 * Okta: applications of the Okta Integration Network PATCH, those of the App Integration Wizard PUT. Both follow the RFC: a PUT
 * of the body of a GET, read-only attributes included, and a path-less `replace` with the unchanged `id` are part of it.
 */
import { type Dialect } from './dialect';

export const okta: Dialect = { name: 'okta', coercions: [], userPatchAnswer: 200, groupPatchAnswer: 204 };
