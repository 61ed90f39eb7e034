/** ServiceProviderConfig, Schemas and ResourceTypes (RFC 7643 §5 to §7, RFC 7644 §4, RFC 9865 §4). */
import { ScimError, notFound } from '../../scim-language/errors';
import { type Dialect } from '../../scim-language/dialects/dialect';
import { type JsonObject } from '../../scim-language/json';
import { type ScimLimits } from '../http/limits';
import { listResponse } from '../../scim-language/messages/list-response';
import { type SchemaDefinition } from '../../scim-language/schema/attribute';
import { discoverySchemas } from '../../scim-language/schema/definitions/discovery-schemas';
import { renderResourceType, renderSchema } from '../../scim-language/schema/render';
import { type ResourceType } from '../../scim-language/schema/resource-type';
import { groupType, userType } from '../../scim-language/schema/resource-types';

const SERVICE_PROVIDER_CONFIG_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';

const RESOURCE_TYPES: readonly ResourceType[] = [userType, groupType];
const SCHEMAS: readonly SchemaDefinition[] = [
  ...new Map(
    [
      ...RESOURCE_TYPES.flatMap(type => [type.schema, ...type.extensions.map(extension => extension.schema)]),
      ...discoverySchemas,
    ].map(schema => [schema.id, schema]),
  ).values(),
];

/** For whom ServiceProviderConfig is. */
export interface ConfigReader {
  readonly dialect: Dialect;
  /** Where the OAuth clients of the app get access tokens; undefined when it has none. */
  readonly tokenUrl: string | undefined;
}

/** What the service can do and what it bounds, without what the dialect's client can't read. */
export function serviceProviderConfig(
  baseUrl: string,
  limits: ScimLimits,
  { dialect, tokenUrl }: ConfigReader,
): JsonObject {
  const config = wholeConfig(baseUrl, limits, tokenUrl);
  return Object.fromEntries(Object.entries(config).filter(([name]) => !dialect.unreadConfig?.includes(name)));
}

function wholeConfig(baseUrl: string, limits: ScimLimits, tokenUrl: string | undefined): JsonObject {
  return {
    schemas: [SERVICE_PROVIDER_CONFIG_SCHEMA],
    patch: { supported: true },
    bulk: { supported: true, maxOperations: limits.maxBulkOperations, maxPayloadSize: limits.maxBodyBytes },
    filter: { supported: true, maxResults: limits.maxPageSize },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: limits.defaultPageSize,
      maxPageSize: limits.maxPageSize,
      cursorTimeout: limits.cursorTimeoutSeconds,
    },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'Authorization: Bearer <token>, with a token that "coder-scim token create" made',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
      ...(tokenUrl === undefined
        ? []
        : [
            {
              type: 'oauth2',
              name: 'OAuth 2.0 client credentials',
              description: `Access tokens of ${limits.accessTokenSeconds} seconds for a client of the app: grant_type=client_credentials at ${tokenUrl}, with client_secret_basic or client_secret_post`,
              specUri: 'https://www.rfc-editor.org/info/rfc6749',
              primary: false,
            },
          ]),
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

/** All schemas as a list; paging and projection are ignored (RFC 7644 §4). */
export function listSchemas(baseUrl: string, query: URLSearchParams): JsonObject {
  refuseFilter(query, 'Schemas');
  return listResponse(SCHEMAS.map(schema => renderSchema(schema, baseUrl)));
}

/** @throws ScimError 404 */
export function readSchema(baseUrl: string, id: string): JsonObject {
  const schema = SCHEMAS.find(candidate => candidate.id.toLowerCase() === id.toLowerCase());
  if (schema === undefined) throw notFound('Schema', id);
  return renderSchema(schema, baseUrl);
}

export function listResourceTypes(baseUrl: string, query: URLSearchParams): JsonObject {
  refuseFilter(query, 'ResourceTypes');
  return listResponse(RESOURCE_TYPES.map(type => renderResourceType(type, baseUrl)));
}

/** @throws ScimError 404 */
export function readResourceType(baseUrl: string, name: string): JsonObject {
  const type = RESOURCE_TYPES.find(candidate => candidate.name === name);
  if (type === undefined) throw notFound('ResourceType', name);
  return renderResourceType(type, baseUrl);
}

function refuseFilter(query: URLSearchParams, endpoint: string): void {
  if (![...query].some(([name, value]) => name.toLowerCase() === 'filter' && value !== '')) return;
  throw new ScimError(403, undefined, `/${endpoint} can not be filtered (RFC 7644 section 4): leave the filter out`);
}
