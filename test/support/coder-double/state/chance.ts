/** What comes by chance: ids, secrets, random words. A seeded one gives the same in every run, for a simulation. */
import { randomBytes } from 'node:crypto';

export interface Chance {
  uuid(): string;
  /** Letters and digits. */
  word(length: number): string;
}

const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

function chanceOf(bytes: (count: number) => Uint8Array): Chance {
  return {
    uuid: () => {
      const drawn = bytes(16);
      drawn[6] = ((drawn[6] ?? 0) & 0x0f) | 0x40;
      drawn[8] = ((drawn[8] ?? 0) & 0x3f) | 0x80;
      const hex = Buffer.from(drawn).toString('hex');
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
    },
    word: length => Array.from(bytes(length), byte => ALPHANUMERIC[byte % ALPHANUMERIC.length]).join(''),
  };
}

export const systemChance: Chance = chanceOf(randomBytes);

/** @param seed any whole number; equal seeds give equal ids in equal order */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) & 0xff;
  };
  return chanceOf(count => Uint8Array.from({ length: count }, next));
}
