/** What a handler gives back, and the refusals it throws. */
export interface Answer {
  readonly status: number;
  /** Sent as JSON unless it is a string that `raw` says is finished. */
  readonly body?: unknown;
  /** A finished body: JSON text or, with `contentType`, anything. */
  readonly raw?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer as it goes over the wire. */
export interface RenderedAnswer {
  readonly status: number;
  /** Names in small letters. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function renderAnswer(answer: Answer): RenderedAnswer {
  const body = answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body));
  const headers: Record<string, string> = {};
  if (body !== '') headers['content-type'] = answer.contentType ?? 'application/json; charset=utf-8';
  if (answer.status !== 204) headers['content-length'] = String(Buffer.byteLength(body));
  return { status: answer.status, headers: { ...headers, ...answer.headers }, body };
}

export interface Validation {
  readonly field: string;
  readonly detail: string;
}

interface RefusalExtra {
  readonly detail?: string;
  readonly validations?: readonly Validation[];
}

/**
 * The header that Coder puts on whatever it answers. Recorded are buildinfo's alone; that all have it is read in its source, where it is set before
 * anything that may refuse.
 */
export function signatureOf({ version }: { readonly version: string }): Readonly<Record<string, string>> {
  return { 'x-coder-build-version': version };
}

/** A refusal of Coder: `{message, detail?, validations?}` with a status. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly extra: RefusalExtra = {},
  ) {
    super(message);
    this.name = 'Refusal';
  }

  answer(): Answer {
    return { status: this.status, body: { message: this.message, ...this.extra } };
  }
}

export function ok(body: unknown, status = 200): Answer {
  return { status, body };
}

export const noContent: Answer = { status: 204 };

export function notFound(): Refusal {
  return new Refusal(404, 'Resource not found or you do not have access to this resource');
}

export function forbidden(): Refusal {
  return new Refusal(403, 'Forbidden.', {
    detail:
      "You don't have permission to view this content. If you believe this is a mistake, please contact your administrator or try signing in with different credentials.",
  });
}

export function routeNotFound(): Answer {
  return { status: 404, body: { message: 'Route not found.' } };
}

export function invalidQuery(validations: readonly Validation[]): Refusal {
  return new Refusal(400, 'Query parameters have invalid values.', { validations });
}
