/** Keeps requests apart whose order would decide what is true afterwards: an identity provider does so by itself. */

export interface Claim {
  readonly key: string;
  /** Others may hold it at the same time, as long as nobody wants it alone. */
  readonly shared?: boolean;
}

export class Locks {
  private readonly held = new Map<string, { alone: boolean; holders: number }>();

  /** All of them or none. @returns how to give them back; undefined when one is not to be had now */
  take(claims: readonly Claim[]): (() => void) | undefined {
    const unique = [...new Map(claims.map(claim => [claim.key, claim])).values()];
    for (const { key, shared = false } of unique) {
      const holder = this.held.get(key);
      if (holder !== undefined && (holder.alone || !shared)) return undefined;
    }
    for (const { key, shared = false } of unique) {
      const holder = this.held.get(key) ?? { alone: !shared, holders: 0 };
      holder.holders += 1;
      this.held.set(key, holder);
    }
    return () => {
      for (const { key } of unique) {
        const holder = this.held.get(key);
        if (holder === undefined) continue;
        holder.holders -= 1;
        if (holder.holders === 0) this.held.delete(key);
      }
    };
  }
}
