/** Where lines of the audit trail go. */
import { type SealedRecord } from '../../store/audit/chain';

export interface Destination {
  /** Kind and address, without credentials: its cursor is kept under it. */
  readonly name: string;
  /** Where one that is new begins: with everything that is kept, or with what comes next. */
  readonly begins: 'oldest' | 'next';
  /** Which lines it wants. @default all */
  readonly wants?: (line: SealedRecord) => boolean;
  /**
   * Resolves once the destination has the first of them, at least one, and says how many: the rest is delivered next. Rejects when that is not
   * certain, and then they are delivered again.
   */
  deliver(lines: readonly SealedRecord[]): Promise<number>;
}

/** A line in the form that the destination is sent. */
export type Format = (line: SealedRecord) => string;

/** How long one delivery may take. */
export const DELIVERY_MS = 15_000;
