/** Whether it was within the last `ms` milliseconds; what was at a time that is yet to come was not: the clock was ahead then. */
export function wasWithin(now: number, at: number | undefined, ms: number): boolean {
  return at !== undefined && now >= at && now - at < ms;
}
