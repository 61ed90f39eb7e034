/** Long computations in steps, so that whoever shares the thread has a turn between two of them. */
/** A computation that can be left off wherever it yields, and gone on with. */
export type Steps<T> = Generator<void, T, void>;

/** Does all steps at once. */
export function complete<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
