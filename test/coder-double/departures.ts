/**
 * Where the replay compares less than the whole answer, each with its reason. What the recorder itself shortened is
 * compared as far as it was kept; nothing else is left out.
 */
export interface Departure {
  readonly file: string;
  readonly step: string;
  readonly reason: string;
  /** Changes the recorded body before it is compared. */
  readonly adapt?: (recorded: unknown) => unknown;
  /** Changes the double's body before it is compared. */
  readonly shorten?: (actual: unknown) => unknown;
}

export const departures: readonly Departure[] = [];
