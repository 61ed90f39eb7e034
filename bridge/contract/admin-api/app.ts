/** Apps as the admin API gives and takes them: a document under its generation. */
import * as z from 'zod';
import { parseMappingState } from '../mapping-state';

/** An app as the bridge holds it. */
export const AppDocument = z.object({
  /** Counts up with each accepted document; send it back to change exactly this one. */
  generation: z.number().int(),
  state: z.unknown().transform(parseMappingState),
  /** Paste this into the identity provider. */
  scimBaseUrl: z.string(),
  updatedAt: z.string(),
  /**
   * Ids of the Coder groups that its group mappings are about, by the key of the mapping; without those that are not there yet.
   * Null: not known, as Coder does not answer.
   */
  groupIds: z.record(z.string(), z.string()).nullable().default(null),
  /** Whether Coder agreed with the declaration when the answer was written. */
  converged: z.boolean(),
});
export type AppDocument = z.output<typeof AppDocument>;

/** What is known of the document that a write replaces. */
export type Precondition = { readonly generation: number } | 'absent' | 'any';
