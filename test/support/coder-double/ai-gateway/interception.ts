import { type User } from '../state/entities';

/** One call to a model. */
export interface Interception {
  readonly user: User;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly model: string;
  readonly session: string;
  readonly prompt: string | undefined;
}
