/** The apps that one run plans, to find two of them that can't both be: each part of the run sees one resource alone. */
import { isList, isObject, type ObjectValue } from '../plugin';

/** Two resources of one stack that would undo each other. */
export interface Clash {
  readonly kind: 'name' | 'digest' | 'address';
  /** The name of the app, or of the token in the app planned now. */
  readonly name: string;
  /** The app that was planned before. */
  readonly other: string;
}

export class PlannedApps {
  private readonly inState = new Map<string, { readonly isProtected: boolean }>();
  private readonly ended = new Set<string>();
  private readonly kept = new Map<string, string>();
  private readonly made = new Map<string, string>();
  private readonly modes = new Map<string, 'push' | 'claims'>();
  private readonly digests = new Map<string, string>();
  /** Digests of tokens that nobody has any more when they are declared anew. */
  readonly freed = new Set<string>();

  /** Notes that the state has this app: planned as new, it is replaced. */
  noteHeld(name: string, isProtected: boolean): void {
    this.inState.set(name, { isProtected });
  }

  /** What was noted of an app that the state has. */
  held(name: string): { readonly isProtected: boolean } | undefined {
    return this.inState.get(name);
  }

  /** Notes that an app is to end. A replacement is not planned so: whoever makes it anew is another resource. */
  noteEnd(name: string): Clash | undefined {
    this.ended.add(name);
    return this.made.has(name) ? { kind: 'address', name, other: name } : undefined;
  }

  /** Notes tokens of an app that is ended before the one that takes them is made. */
  noteFreed(digests: readonly string[]): void {
    for (const digest of digests) this.freed.add(digest);
  }

  /** Notes the mode of an app, and returns those of the apps noted before. */
  noteMode(app: string, mode: 'push' | 'claims'): { app: string; mode: 'push' | 'claims' }[] {
    this.modes.set(app, mode);
    return [...this.modes].map(([name, of]) => ({ app: name, mode: of }));
  }

  /**
   * Notes an app and says what it clashes with. A replacement is planned twice, as a change and as new, with one and the
   * same configuration.
   */
  note(planned: ObjectValue, config: ObjectValue, isNew: boolean): Clash[] {
    const { name, tokens } = planned;
    if (typeof name !== 'string') return [];
    const clashes: Clash[] = [];
    const text = JSON.stringify(config);
    const [same, other] = isNew ? [this.made, this.kept] : [this.kept, this.made];
    if (same.has(name) || (other.get(name) ?? text) !== text) clashes.push({ kind: 'name', name, other: name });
    if (isNew && this.ended.has(name)) clashes.push({ kind: 'address', name, other: name });
    same.set(name, text);
    for (const [token, { digest }] of Object.entries(tokensOf(tokens))) {
      if (typeof digest !== 'string') continue;
      const other = this.digests.get(digest);
      if (other === undefined) this.digests.set(digest, name);
      else if (other !== name) clashes.push({ kind: 'digest', name: token, other });
    }
    return clashes;
  }
}

function tokensOf(tokens: ObjectValue[string] | undefined): { readonly [name: string]: ObjectValue } {
  if (tokens === undefined || tokens === null || isList(tokens) || !isObject(tokens)) return {};
  return Object.fromEntries(
    Object.entries(tokens).filter((entry): entry is [string, ObjectValue] => isObject(entry[1])),
  );
}
