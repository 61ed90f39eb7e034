/** Two modes for one Coder: what claims mode turns on at sign-in holds what other apps push. */

interface Moded {
  readonly app: string;
  readonly mode: 'push' | 'claims';
}

/**
 * Which other apps of the same Coder the mode of an app does not go with.
 * @returns a sentence for a warning; undefined when there is none
 */
export function modeClash({ app, mode }: Moded, others: readonly Moded[]): string | undefined {
  const clashing = others
    .filter(other => other.app !== app && other.mode !== mode)
    .map(other => JSON.stringify(other.app));
  if (clashing.length === 0) return undefined;
  const names = `${clashing.length === 1 ? 'app' : 'apps'} ${clashing.join(', ')}`;
  return mode === 'claims'
    ? `mode claims turns on Coder's sync at sign-in, which holds what ${names} of the same Coder would push: use one mode for all apps of one Coder`
    : `${names} of the same Coder in mode claims turned on Coder's sync at sign-in, which holds what this app would push: use one mode for all apps of one Coder`;
}
