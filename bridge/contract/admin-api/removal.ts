import * as z from 'zod';
import { HoldSummary } from './hold';
import { PendingItem } from './status';

/** An app that was removed and is not gone yet: people or groups of it still have what it gave them in Coder. */
export const Removal = z.object({
  app: z.string(),
  since: z.string(),
  /** The first few hundred of each kind. */
  pending: z.array(PendingItem),
  /** What the guard stopped; a release lets it pass. */
  hold: HoldSummary.nullable(),
});
export type Removal = z.output<typeof Removal>;
