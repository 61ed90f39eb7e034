/**
 * Conversations of identity providers as fixtures: `test/conformance/<identity provider>/*.json`. Each is a list of requests as that
 * provider sends them, in order, with what it needs of each answer, and the directory that must be there at the end.
 *
 * Placeholders, anywhere in a string:
 * - `${name}` is a value that both sides must agree on. In an answer it takes the value the first time and must be equal from then
 *   on; in a request it is a fresh UUID the first time, and what it became after. Recordings call them `${id.1}`, `${id.2}`, …
 * - `${base}` is the SCIM base URL, `${base path}` its path; a path without it is below the base URL.
 * - In an answer, `${time}` is any instant, `${any}` anything but nothing, `${absent}` stands for a key that must not be there.
 *
 * Of an object in an answer the named keys count; a list has the length and order that it is written with.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { IDENTITY_PROVIDERS } from '../../bridge/contract/mapping-state';
import { type Coercion } from '../../bridge/scim-language/dialects/dialect';

const Exchange = z.strictObject({
  /** Why the provider sends this, in a few words. */
  step: z.string().optional(),
  request: z.strictObject({
    method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']),
    path: z.string(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown().optional(),
  }),
  response: z.strictObject({
    status: z.int(),
    headers: z.record(z.string(), z.string()).default({}),
    body: z.unknown().optional(),
  }),
  /** Deviations from the RFC that this request needs, all of them; without them it is refused. */
  coercions: z.array(z.string()).default([]),
});
export type Exchange = z.infer<typeof Exchange>;

const Conversation = z.strictObject({
  identityProvider: z.enum(IDENTITY_PROVIDERS),
  about: z.string(),
  /** `recorded` from the running product; `documented`: composed from its documentation, its client's code, and what others saw of it. */
  origin: z.enum(['recorded', 'documented']),
  exchanges: z.array(Exchange).min(1),
  /** The whole directory at the end: users by userName (keys that must be as stated), members of groups by displayName. */
  afterwards: z
    .strictObject({
      users: z.record(z.string(), z.record(z.string(), z.unknown())),
      groups: z.record(z.string(), z.array(z.string())),
    })
    .optional(),
});
export type Conversation = z.infer<typeof Conversation> & {
  /** Path below `test/conformance/`. */
  readonly file: string;
};

/** Every fixture, in the order of their paths. */
export function readConversations(): Conversation[] {
  return IDENTITY_PROVIDERS.flatMap(folder => {
    const path = join(__dirname, folder);
    return listFiles(path).map(name => {
      const file = `${folder}/${name}`;
      const conversation = Conversation.parse(JSON.parse(readFileSync(join(path, name), 'utf8')), {
        error: issue => `${file}: ${issue.message ?? 'not a conversation'}`,
      });
      if (conversation.identityProvider !== folder) throw new Error(`${file} is of ${conversation.identityProvider}`);
      return { ...conversation, file };
    });
  });
}

function listFiles(path: string): string[] {
  try {
    return readdirSync(path)
      .filter(name => name.endsWith('.json'))
      .sort();
  } catch {
    return [];
  }
}

/** Whether a conversation needs the coercion. */
export function exercises(conversation: Conversation, coercion: Coercion): boolean {
  return conversation.exchanges.some(({ coercions }) => coercions.includes(coercion));
}

/** What the placeholders of one conversation stand for. */
export class Bindings {
  private readonly values = new Map<string, string>();

  constructor(baseUrl: string) {
    this.values.set('base', baseUrl);
    this.values.set('base path', new URL(baseUrl).pathname);
  }

  /** The path of a request, placeholders put in and made fit for a request line. */
  path(path: string): string {
    const filled = this.fillText(path.startsWith('${base path}') ? path : `\${base path}${path}`);
    return filled.replace(/[^\x21-\x7e]|["<>\\^`{|}]/gu, encodeURIComponent);
  }

  /** A value of a request with placeholders put in. */
  fill(value: unknown): unknown {
    if (typeof value === 'string') return this.fillText(value);
    if (Array.isArray(value)) return value.map(item => this.fill(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.fillText(key), this.fill(item)]));
  }

  private fillText(text: string): string {
    return text.replace(/\$\{([^}]+)\}/g, (_whole, name: string) => {
      const value = this.values.get(name) ?? randomUUID();
      this.values.set(name, value);
      return value;
    });
  }

  /** Where an answer differs from what is wanted; empty when it does not. */
  differences(actual: unknown, wanted: unknown, where = 'body'): string[] {
    if (wanted === '${absent}') return actual === undefined ? [] : [`${where}: got ${show(actual)}, wanted nothing`];
    if (typeof wanted === 'string') return this.compareText(actual, wanted, where);
    if (Array.isArray(wanted)) {
      if (!Array.isArray(actual)) return [`${where}: got ${show(actual)}, wanted a list`];
      if (actual.length !== wanted.length) {
        return [`${where}: got ${actual.length} elements, wanted ${wanted.length}: ${show(actual)}`];
      }
      return wanted.flatMap((item, index) => this.differences(actual[index], item, `${where}[${index}]`));
    }
    if (typeof wanted === 'object' && wanted !== null) {
      if (typeof actual !== 'object' || actual === null) return [`${where}: got ${show(actual)}, wanted an object`];
      return Object.entries(wanted).flatMap(([key, item]) =>
        this.differences((actual as Record<string, unknown>)[key], item, `${where}.${key}`),
      );
    }
    return actual === wanted ? [] : [`${where}: got ${show(actual)}, wanted ${show(wanted)}`];
  }

  private compareText(actual: unknown, wanted: string, where: string): string[] {
    if (wanted === '${any}') return actual === undefined || actual === '' ? [`${where}: got nothing`] : [];
    if (wanted === '${time}') {
      const isTime = typeof actual === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(actual);
      return isTime ? [] : [`${where}: got ${show(actual)}, wanted an instant`];
    }
    const unknown: string[] = [];
    const pattern = wanted.replace(/\$\{([^}]+)\}|[^$]+|\$/g, (part, name: string | undefined) => {
      if (name === undefined) return escapeForPattern(part);
      const value = this.values.get(name);
      if (value !== undefined) return escapeForPattern(value);
      unknown.push(name);
      return '([^/]+)';
    });
    const found = typeof actual === 'string' ? new RegExp(`^${pattern}$`, 'su').exec(actual) : null;
    if (found === null) {
      return [`${where}: got ${show(actual)}, wanted ${show(unknown.length > 0 ? wanted : this.fillText(wanted))}`];
    }
    unknown.forEach((name, index) => this.values.set(name, found[index + 1] ?? ''));
    return [];
  }
}

function escapeForPattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 300);
}
