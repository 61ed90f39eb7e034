/** How counters of coercions are named, beside the names of the coercions themselves. */

/** What the counter of a dropped attribute begins with: `dropped:shoeSize`. */
export const DROPPED_PREFIX = 'dropped:';
