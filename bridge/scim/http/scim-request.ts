/** One request as handlers see it, and what they are made of; independent of the web framework. */
import { type IncomingHttpHeaders } from 'node:http';
import { type RequestContext } from './request-context';
import { type Json, type JsonObject } from '../../scim-language/json';
import { type Answer } from './respond';

export interface ScimRequest {
  readonly context: RequestContext;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** A part of the path, decoded; empty when the path has none of that name. */
  readonly param: (name: string) => string;
  /** Reads and parses the body. @throws ScimError 400, 413 or 415 */
  readonly body: () => Promise<JsonObject>;
  /** What came as body, however it is made: for a request that was refused. Never rejects. */
  readonly received: () => Promise<Json | string | undefined>;
}

export type Handler = (request: ScimRequest) => Answer | Promise<Answer>;
