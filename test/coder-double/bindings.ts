/** What the placeholders of a recording stand for in this run. */
import { randomUUID } from 'node:crypto';
import { NEVER } from '../support/coder-double';

const PLACEHOLDER = /\$\{([^}]+)\}/g;

/** Names that stand for any value of a kind, anew each time. */
const KINDS: Readonly<Record<string, RegExp>> = {
  time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/,
  'unix time': /^\d{10}$/,
  key: /^[\w-]{40,}$/,
  'key id': /^[a-zA-Z0-9]{10}$/,
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export class Bindings {
  private readonly values = new Map<string, string>();

  /** @param tellsNever whether `${time}` is a time at which something happened */
  constructor(private readonly tellsNever = false) {}

  bind(name: string, value: string): void {
    this.values.set(name, value);
  }

  get(name: string): string {
    const value = this.values.get(name) ?? this.derive(name);
    if (value === undefined) throw new Error(`placeholder "${name}" isn't bound yet`);
    return value;
  }

  /** `first 10 characters of token.b`, the id of the key of a saved token; an unknown id is one that nothing has. */
  private derive(name: string): string | undefined {
    const start = /^first 10 characters of (.+)$/.exec(name)?.[1];
    if (start !== undefined) return this.get(start).slice(0, 10);
    const owner = /^(.+)\.keyid$/.exec(name)?.[1];
    if (owner !== undefined) return this.get(`token.${owner}`).slice(0, 10);
    if (!name.startsWith('uuid.')) return undefined;
    const unknown = randomUUID();
    this.bind(name, unknown);
    return unknown;
  }

  /** Replaces placeholders in what is sent. */
  fill(text: string): string {
    return text.replace(PLACEHOLDER, (_, name: string) => this.get(name));
  }

  /** Placeholders stand between other text, as in CSV: names must be bound by now, and what is of a kind may be any of it. */
  private matchesInParts(recorded: string, received: string): boolean {
    const parts = recorded.split(PLACEHOLDER).map((part, at) => {
      if (at % 2 === 0) return escaped(part);
      const kind = KINDS[part];
      return kind === undefined ? escaped(this.get(part)) : kind.source.replace(/^\^|\$$/g, '');
    });
    return new RegExp(`^${parts.join('')}$`).test(received);
  }

  /** Whether a received string is what was recorded; binds names that are new. */
  matches(recorded: string, received: string): boolean {
    const whole = /^\$\{([^}]+)\}$/.exec(recorded)?.[1];
    if (whole === undefined) return this.matchesInParts(recorded, received);
    const kind = KINDS[whole];
    if (kind) return kind.test(received) && !(this.tellsNever && received === NEVER);
    const bound = this.values.get(whole);
    if (bound !== undefined) return bound === received;
    if (/^(?:uuid\.|.*\.id$)/.test(whole) && !/^[0-9a-f-]{36}$/.test(received)) return false;
    if (/\.keyid$/.test(whole)) return this.get(whole) === received;
    this.bind(whole, received);
    return true;
  }

  /** A copy to try out on, and back. */
  copy(): Bindings {
    const copy = new Bindings(this.tellsNever);
    for (const [name, value] of this.values) copy.bind(name, value);
    return copy;
  }

  adopt(other: Bindings): void {
    for (const [name, value] of other.values) this.values.set(name, value);
  }
}
