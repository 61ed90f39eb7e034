/** The one error of the admin API, and what the errors of other parts become in it. Rendered once, by the router. */
import { type MappingStateIssue, MappingStateError } from '../contract/mapping-state';
import { HoldChanged, RecoveryPending } from '../reconcile';
import { isUnavailable } from '../store/database/unavailable';
import { GenerationConflict, TokenTaken } from '../store/apps/apps';

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

  toBody(): object {
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

/** The refusal that an error means; undefined for a defect. */
export function toRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (error instanceof MappingStateError) return refuseDocument(error);
  if (error instanceof GenerationConflict) {
    return new Refusal(412, 'generation_conflict', error.message, { generation: error.actual });
  }
  if (error instanceof TokenTaken) {
    return new Refusal(422, 'invalid_mapping_state', error.message, {
      issues: [{ path: ['tokens', error.token, 'digest'], message: error.message }],
    });
  }
  if (error instanceof HoldChanged) return new Refusal(409, 'hold_changed', error.message);
  if (error instanceof RecoveryPending) return new Refusal(409, 'recovery_pending', error.message);
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

function refuseDocument({ code, issues }: MappingStateError): Refusal {
  if (code === 'version') {
    return new Refusal(422, 'mapping_state_version', issues[0]?.message ?? 'document of another version', { issues });
  }
  const count = issues.length === 1 ? 'one mistake' : `${issues.length} mistakes`;
  return new Refusal(422, 'invalid_mapping_state', `the mapping state has ${count} and is refused as a whole`, {
    issues,
  });
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
