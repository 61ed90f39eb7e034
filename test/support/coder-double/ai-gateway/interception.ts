import { type Group, type User } from '../state/entities';

/** One call to a model. */
export interface Interception {
  readonly user: User;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly model: string;
  readonly session: string;
  readonly prompt: string | undefined;
  /** The group that pays for it, and what it costs in millionths. */
  readonly paid: { readonly group: Group; readonly costMicros: number } | undefined;
}
