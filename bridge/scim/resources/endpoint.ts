/** What Users and Groups have in common, so that HTTP, Bulk and lists treat them alike. */
import { type Deleted, type Resource, type WriteOptions, type Written } from '../../store/directory';
import { type TokenScope } from '../access/apps';
import { type Dialect } from '../../scim-language/dialects/dialect';
import { type RequestContext } from '../http/request-context';
import { type JsonObject } from '../../scim-language/json';
import { type ResourceType } from '../../scim-language/schema/resource-type';

/** What a write demands of the present state, as the request's headers state it. */
export interface Precondition extends WriteOptions {
  /** Value of If-None-Match. */
  readonly ifNoneMatch?: string | undefined;
}

/** A resource type in the directory, by the verbs of SCIM. Everything throws ScimError or an error of the directory. */
export interface Endpoint {
  readonly name: 'User' | 'Group';
  readonly type: ResourceType;
  readonly scopes: { readonly read: TokenScope; readonly write: TokenScope };
  /** Status of a PATCH that succeeded and of which nothing is asked back. */
  patchAnswer(dialect: Dialect): 200 | 204;
  create(context: RequestContext, body: JsonObject): Promise<Written>;
  get(context: RequestContext, id: string): Promise<Resource | undefined>;
  replace(context: RequestContext, id: string, body: JsonObject, when: Precondition): Promise<Written | undefined>;
  patch(context: RequestContext, id: string, body: JsonObject, when: Precondition): Promise<Written | undefined>;
  remove(context: RequestContext, id: string, when: Precondition): Promise<Deleted | undefined>;
}
