import { type IncomingMessage, request as httpRequest } from 'node:http';

/** A browser without a screen and without scripts: keeps cookies, follows no redirect, reads forms. */
export interface Visit {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Where it was sent to, as a path. */
  readonly location: string | undefined;
}

export class Visitor {
  readonly cookies = new Map<string, string>();
  /** The cookies as they were set last, with their attributes. */
  readonly set: string[] = [];

  constructor(readonly origin: string) {}

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get(path: string): Promise<Visit> {
    return this.ask(path, {});
  }

  /** Sends a form as a browser does from this page. */
  post(path: string, fields: Readonly<Record<string, string>>, headers: Record<string, string> = {}): Promise<Visit> {
    return this.ask(path, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: this.origin, 'sec-fetch-site': 'same-origin', ...headers },
    });
  }

  /** The proof that stands in the forms of a page. */
  async csrf(path = '/ui'): Promise<string> {
    return /name="csrf" value="([0-9a-f]{64})"/.exec((await this.get(path)).body)?.[1] ?? '';
  }

  async signIn(credential: string): Promise<this> {
    const { status, body } = await this.post('/ui/sign-in', { credential, to: '' });
    if (status !== 303) throw new Error(`sign-in was answered ${status}: ${body}`);
    return this;
  }

  /** Follows the audit trail as the page's script does. */
  async follow(path: string): Promise<{ readonly response: IncomingMessage; readonly seen: () => string }> {
    const response = await this.stream(path);
    let text = '';
    response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('error', () => undefined);
    return { response, seen: () => text };
  }

  /** What is answered piece by piece; nobody reads it yet. */
  stream(path: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      httpRequest(new URL(path, this.origin), { headers: { cookie: this.cookie } })
        .on('response', resolve)
        .on('error', reject)
        .end();
    });
  }

  private async ask(path: string, init: RequestInit): Promise<Visit> {
    const url = new URL(path, this.origin);
    const response = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { ...(init.headers as Record<string, string> | undefined), cookie: this.cookie },
    });
    for (const line of response.headers.getSetCookie()) {
      this.set.push(line);
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const location = response.headers.get('location') ?? undefined;
    return { status: response.status, headers: response.headers, body: await response.text(), location };
  }
}
