/** Plans for whoever asks: each reads all of Coder, so few are made at once, and none for somebody who has gone. */
import { type PlanReport } from '../../contract/admin-api';
import { type Rim } from '../context/rim';
import { NotYetCompared, type Reconciler, TooManyPlans } from '../types';
import { planWorld } from './plan-world';

const MOST_AT_ONCE = 2;
/** Most are made by then; whoever asks too soon costs little. */
const AGAIN_SECONDS = 2;

export class Plans {
  #making = 0;

  constructor(private readonly rim: Rim) {}

  /** @throws TooManyPlans, CoderError. @throws NotYetCompared where it ends before it is made */
  async make({ until, ...request }: Parameters<Reconciler['planWorld']>[0]): Promise<PlanReport> {
    if (this.#making >= MOST_AT_ONCE) throw new TooManyPlans(MOST_AT_ONCE, AGAIN_SECONDS);
    const { ending } = this.rim;
    this.#making += 1;
    try {
      return await planWorld(this.rim, request, until === undefined ? ending : AbortSignal.any([until, ending]));
    } catch (error) {
      if (ending.aborted) throw new NotYetCompared('the bridge ends, and made no plan');
      if (until?.aborted === true) throw new NotYetCompared('whoever wanted the plan has gone before it was made');
      throw error;
    } finally {
      // Not before: what was begun for somebody who has gone costs until then.
      this.#making -= 1;
    }
  }
}
