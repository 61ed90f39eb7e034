/** An identity provider's HTTP client: says what it sends, fails loudly when the answer is not the one it needs. */
import { dim, done } from './screen';

export interface ScimAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export class ScimCaller {
  private requests = 0;
  private spent = 0;

  constructor(
    private readonly base: string,
    private readonly token: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** @throws Error when the status is none of the wanted ones */
  async call(method: string, path: string, wanted: readonly number[], body?: unknown): Promise<ScimAnswer> {
    const started = performance.now();
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        accept: 'application/scim+json',
        ...this.headers,
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    this.requests += 1;
    this.spent += performance.now() - started;
    const parsed = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    if (!wanted.includes(response.status)) {
      throw new Error(
        `${method} ${path} answered ${response.status}, wanted ${wanted.join(' or ')}: ${text.slice(0, 400)}`,
      );
    }
    return { status: response.status, body: parsed };
  }

  /** Says what the calls since the last report did. */
  report(what: string): void {
    done(
      `${what}  ${dim(`${this.requests} request${this.requests === 1 ? '' : 's'}, ${(this.spent / Math.max(1, this.requests)).toFixed(0)} ms each`)}`,
    );
    this.requests = 0;
    this.spent = 0;
  }
}

export function idOf(answer: ScimAnswer): string {
  const id = answer.body['id'];
  if (typeof id !== 'string') throw new Error(`the answer has no id: ${JSON.stringify(answer.body)}`);
  return id;
}
