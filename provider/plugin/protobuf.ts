/**
 * Protocol-buffer messages described in TypeScript: one description gives the encoding (by protobufjs) and the type.
 * Only what the plugin protocol uses; a field that is absent on the wire reads as its protobuf default.
 */
import { Field, MapField, Root, Type } from 'protobufjs/light';

declare const carries: unique symbol;

/** One field: its number, and how it is encoded. */
export interface Slot<T = unknown> {
  readonly id: number;
  readonly type: string | Message<Slots>;
  readonly rule?: 'repeated' | 'map';
  readonly [carries]?: T;
}
export interface Slots {
  readonly [name: string]: Slot;
}

type Carried<S> = S extends Slot<infer T> ? T : never;
/** A message as received. */
export type Received<M> = M extends Message<infer S> ? { readonly [K in keyof S]: Carried<S[K]> } : never;
/** A message as given for sending: every field may be left out. */
export type Sent<M> = M extends Message<infer S> ? { readonly [K in keyof S]?: Outgoing<Carried<S[K]>> } : never;
type Outgoing<T> = T extends readonly (infer E)[]
  ? readonly Outgoing<E>[]
  : T extends Uint8Array | string | number | boolean | null
    ? T | undefined
    : { readonly [K in keyof T]?: Outgoing<T[K]> };

const root = new Root();

/** A message. Compiled when first used: a plugin is started several times per plan and uses few of them each time. */
export class Message<S extends Slots> {
  private compiled: Type | undefined;

  constructor(
    readonly name: string,
    private readonly slots: S,
  ) {}

  encode(message: Sent<Message<S>>): Buffer {
    return Buffer.from(this.type().encode(message).finish());
  }

  decode(bytes: Uint8Array): Received<Message<S>> {
    const type = this.type();
    return type.toObject(type.decode(bytes), { longs: Number, defaults: true, bytes: Buffer }) as Received<Message<S>>;
  }

  private type(): Type {
    this.compiled ??= this.define();
    return this.compiled;
  }

  private define(): Type {
    const type = new Type(this.name);
    for (const [name, { id, type: of, rule }] of Object.entries(this.slots)) {
      const typeName = typeof of === 'string' ? of : of.type().fullName;
      type.add(rule === 'map' ? new MapField(name, id, 'string', typeName) : new Field(name, id, typeName, rule));
    }
    root.add(type);
    return type;
  }
}

export function message<const S extends Slots>(name: string, slots: S): Message<S> {
  return new Message(name, slots);
}

export const text = (id: number): Slot<string> => ({ id, type: 'string' });
export const flag = (id: number): Slot<boolean> => ({ id, type: 'bool' });
export const integer = (id: number): Slot<number> => ({ id, type: 'int64' });
/** An enumeration: on the wire a 32-bit number. */
export const enumeration = (id: number): Slot<number> => ({ id, type: 'int32' });
export const bytes = (id: number): Slot<Uint8Array> => ({ id, type: 'bytes' });
export const one = <S extends Slots>(id: number, of: Message<S>): Slot<Received<Message<S>> | null> => ({
  id,
  type: of,
});
export const many = <S extends Slots>(id: number, of: Message<S>): Slot<readonly Received<Message<S>>[]> => ({
  id,
  type: of,
  rule: 'repeated',
});
export const byName = <S extends Slots>(
  id: number,
  of: Message<S>,
): Slot<{ readonly [name: string]: Received<Message<S>> }> => ({
  id,
  type: of,
  rule: 'map',
});
