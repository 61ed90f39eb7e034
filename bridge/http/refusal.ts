/** The one error of everything that is not SCIM, and what the errors of express and database become in it. */
import { type RefusalBody } from '../contract/admin-api';
import { type MappingStateIssue } from '../contract/mapping-state';
import { isUnavailable } from '../store/database/unavailable';

interface RefusalDetails {
  readonly issues?: readonly MappingStateIssue[];
  readonly generation?: number | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

export class Refusal extends Error {
  override readonly name = 'Refusal';
  constructor(
    readonly status: number,
    /** For programs: `not_found`, `generation_conflict`, … */
    readonly code: string,
    message: string,
    readonly details: RefusalDetails = {},
  ) {
    super(message);
  }

  toBody(): RefusalBody {
    const { issues, generation } = this.details;
    return {
      error: {
        code: this.code,
        message: this.message,
        ...(issues && { issues }),
        ...(generation !== undefined && { generation }),
      },
    };
  }
}

/** The refusal that an error means, whatever the route; undefined for a defect. */
export function toRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (isUnavailable(error)) {
    const cause = error instanceof Error ? error.message : String(error);
    return new Refusal(
      503,
      'database_unavailable',
      `the database can not be used right now: ${cause}; nothing was changed`,
      {
        headers: { 'retry-after': '5' },
      },
    );
  }
  return refuseBody(error);
}

// Errors of express's body parser carry a status and a type, a path that can not be decoded a status.
function refuseBody(error: unknown): Refusal | undefined {
  const { status, type, message } = (typeof error === 'object' && error !== null ? error : {}) as Record<
    string,
    unknown
  >;
  if (error instanceof URIError || (status === 400 && type === undefined)) {
    return new Refusal(400, 'invalid_request', 'the path can not be decoded: wanted percent-encoded UTF-8');
  }
  if (typeof status !== 'number' || status < 400 || status > 499 || typeof type !== 'string') return undefined;
  if (type === 'entity.parse.failed')
    return new Refusal(400, 'invalid_json', 'the body is no JSON: wanted one JSON object');
  if (type === 'entity.too.large') return new Refusal(413, 'too_large', 'the body is longer than 8 MiB');
  return new Refusal(status, 'invalid_request', typeof message === 'string' ? message : 'the request can not be read');
}
