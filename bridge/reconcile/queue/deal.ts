/** Deals with one piece of claimed work: hands it to the room of its kind. */
import { outcomeOf } from '../../coder';
import { PRIORITY } from '../../store/work/enqueue';
import { type Work } from '../../store/work/work';
import { LeaseTaken } from '../context/mutex';
import { type Rim } from '../context/rim';
import { convergeApp } from '../declaration/declaration';
import { convergeScimGroup } from '../declaration/scim-group';
import { convergeGroup } from '../group/coder-group';
import { convergePerson } from '../person/person';
import { type ConvergedWork } from '../types';
import { endWork, type EndedWork } from './end-work';

/** Deals with one piece of claimed work; what is thrown is written down as a failed try. */
export function work(rim: Rim, item: Work): Promise<EndedWork> {
  return rim.spans === undefined ? dealWith(rim, item) : rim.spans.work(item, () => dealWith(rim, item));
}

async function dealWith(rim: Rim, item: Work): Promise<EndedWork> {
  try {
    const kind = item.key.slice(0, item.key.indexOf(':'));
    const leaves = item.priority === PRIORITY.leaving;
    if (kind === 'person') return await convergePerson(leaves ? { ...rim, coder: rim.coder.first } : rim, item);
    if (kind === 'coder-group') return await convergeGroup(rim, item);
    if (kind === 'scim-group') return await convergeScimGroup(rim, item);
    return await convergeApp(rim, item);
  } catch (error) {
    const outcome = outcomeOf(error);
    // An outage is told once, by the Coder client; what waits for its end, or for another bridge, says nothing of its own.
    const level = outcome.kind === 'retry' || error instanceof LeaseTaken ? 'debug' : 'error';
    rim.log[level]({ err: error, key: item.key, app: item.app }, 'work failed');
    return await endWork(rim, item, outcome);
  }
}

/** What the metrics are told of work that is done. */
export function converged({ key, app, priority, enqueuedAt }: Work, now: number): ConvergedWork {
  const kind = key.slice(0, key.indexOf(':')) as ConvergedWork['kind'];
  return { app, kind, leaving: priority === PRIORITY.leaving, milliseconds: Math.max(0, now - enqueuedAt) };
}
