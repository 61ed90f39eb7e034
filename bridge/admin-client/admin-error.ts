import { type MappingStateIssue } from '../contract/mapping-state';

interface AdminErrorOptions extends ErrorOptions {
  /** When it may be tried again, where the bridge says so. */
  readonly againInSeconds?: number | undefined;
}

/** The bridge refused, or could not be asked. */
export class AdminError extends Error {
  override readonly name = 'AdminError';
  readonly againInSeconds: number | undefined;
  constructor(
    /** `unreachable`, `unusable_token`, `unauthorized`, `not_found`, `invalid_mapping_state`, `mapping_state_version`, `generation_conflict`, … */
    readonly code: string,
    message: string,
    /** HTTP status, 0 when there was no answer, or nothing was asked. */
    readonly status: number,
    readonly issues: readonly MappingStateIssue[] = [],
    /** The generation that the bridge has, on `generation_conflict`. */
    readonly generation?: number,
    options: AdminErrorOptions = {},
  ) {
    super(message, options);
    this.againInSeconds = options.againInSeconds;
  }
}
