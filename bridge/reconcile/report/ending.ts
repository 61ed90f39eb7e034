/** Apps that were deleted and are not gone: all that is left of each is counted, whoever of other apps waits before it. */
import { type EndingApp } from '../../contract/admin-api';
import { type LeaversNotOut } from '../../store/accounts/leavers';
import { type JournalEntry } from '../../store/journal/journal';
import { type WorkCounts } from '../../store/work/pending';
import { iso } from './pending';

/** What is left, by app. */
export interface Left {
  readonly work: ReadonlyMap<string, WorkCounts>;
  /** What was about to be done for people of apps that are not declared, and nobody in the queue would look at. */
  readonly unattended: readonly JournalEntry[];
  readonly held: ReadonlyMap<string, number>;
  readonly refused: ReadonlyMap<string, number>;
  readonly leavers: readonly LeaversNotOut[];
  /** Apps of which the guard stopped something. */
  readonly stopped: readonly string[];
}

/** @param declared names of the apps that are not ending */
export function endingApps(left: Left, declared: ReadonlySet<string>): EndingApp[] {
  const begun = left.unattended.flatMap(({ app }) => app ?? []);
  const all = new Set([...left.work.keys(), ...begun, ...left.held.keys(), ...left.refused.keys(), ...left.stopped]);
  return [...all]
    .filter(app => app !== '' && !declared.has(app))
    .sort()
    .map(app => {
      const { waiting, parked } = left.work.get(app) ?? { waiting: 0, parked: 0 };
      const entries = left.unattended.filter(entry => entry.app === app);
      return {
        app,
        waiting: waiting + entries.length,
        held: left.held.get(app) ?? 0,
        parked,
        refused: left.refused.get(app) ?? 0,
        leavers: leaversOf(left.leavers, app, entries),
      };
    });
}

function leaversOf(all: readonly LeaversNotOut[], app: string, begun: readonly JournalEntry[]): EndingApp['leavers'] {
  const known = all.filter(row => row.app === app);
  const queued = known.find(({ state }) => state === 'waiting');
  const people = (queued?.people ?? 0) + begun.length;
  const since = Math.min(queued?.since ?? Infinity, ...begun.map(entry => entry.since));
  return [
    ...(people === 0 ? [] : [{ state: 'waiting' as const, people, since: iso(since) }]),
    ...known
      .filter(row => row !== queued)
      .map(row => ({ state: row.state, people: row.people, since: iso(row.since) })),
  ];
}
