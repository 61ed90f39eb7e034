/** Bounds of one SCIM request: announced in ServiceProviderConfig, named in the refusal, enforced before work is done. */
import { TOKEN_WARNING_DAYS } from '../../contract/admin-api';

export interface ScimLimits {
  /**
   * Bytes of one request body, Bulk included. A group of 100,000 members fits into one PUT.
   * @default 8 MiB
   */
  readonly maxBodyBytes: number;
  /**
   * Operations of one Bulk request.
   * @default 1000
   */
  readonly maxBulkOperations: number;
  /**
   * Operations of one PATCH body.
   * @default 1000
   */
  readonly maxPatchOperations: number;
  /**
   * Resources in an answer when the request states no `count`.
   * @default 100
   */
  readonly defaultPageSize: number;
  /**
   * Resources in one answer, whatever `count` says.
   * @default 1000
   */
  readonly maxPageSize: number;
  /**
   * Seconds that a cursor stays valid (RFC 9865).
   * @default 3600
   */
  readonly cursorTimeoutSeconds: number;
  /**
   * How long an answer waits for Coder to agree; what is not done by then goes on in the background.
   * @default 5000
   */
  readonly convergeDeadlineMs: number;
  /**
   * Days before its expiry from which a token is announced as expiring.
   * @default 14
   */
  readonly tokenWarningDays: number;
  /**
   * Seconds that an access token of an OAuth client is good for, within the time of the client.
   * @default 3600
   */
  readonly accessTokenSeconds: number;
}

export const DEFAULT_LIMITS: ScimLimits = {
  maxBodyBytes: 8 * 1024 * 1024,
  maxBulkOperations: 1_000,
  maxPatchOperations: 1_000,
  defaultPageSize: 100,
  maxPageSize: 1_000,
  cursorTimeoutSeconds: 3_600,
  convergeDeadlineMs: 5_000,
  tokenWarningDays: TOKEN_WARNING_DAYS,
  accessTokenSeconds: 3_600,
};
