/** Every setting of a construct by its name: the compiler sees to it that none is left out. */
export type SettingNames<T> = Readonly<Record<keyof T, true>>;

/**
 * What the TypeScript compiler says of settings, for stacks that are run without it (tsx, JavaScript): one that is misspelt would be
 * left at its default, and nobody told.
 * @throws Error when there are no settings, or one that does not exist
 */
export function checkSettings<T extends object>(path: string, settings: T | undefined, names: SettingNames<T>): void {
  const all = Object.keys(names).join(', ');
  const given: unknown = settings;
  if (typeof given !== 'object' || given === null) throw new Error(`${path}: has no settings: wanted some of ${all}`);
  const unknown = Object.keys(given).filter(name => !Object.hasOwn(names, name));
  if (unknown.length === 0) return;
  const named = unknown.map(name => JSON.stringify(name)).join(', ');
  throw new Error(
    `${path}: ${named} ${unknown.length === 1 ? 'is no setting' : 'are no settings'} here: wanted ${all}`,
  );
}

/** What is there in place of one of our values, for a message: a constant that is misspelt is undefined. */
export function shown(value: unknown): string {
  return value === undefined ? 'is missing' : `is ${typeof value === 'string' ? JSON.stringify(value) : typeof value}`;
}
