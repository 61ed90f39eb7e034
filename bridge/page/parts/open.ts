/** What an operator may have to see to, out of the status: as much of it as is listed, and how much there is. */
import { PENDING_LISTED, type PendingItem, type Status } from '../../contract/admin-api';
import { html, type Html } from '../html';
import { number } from './parts';

/** Some of one kind. */
export interface Open {
  /** The first of them. */
  readonly items: readonly PendingItem[];
  /** How many there are, listed or not. */
  readonly all: number;
}

interface OpenWork {
  readonly parked: Open;
  readonly refused: Open;
  /** Whoever is to be locked out, and was tried so often that other work would be parked. */
  readonly triedOn: Open;
  /** Whoever came back and waits for an answer. */
  readonly reHires: Open;
  /** Everybody else who is held, but for those whom the guard stopped: they stand in its plans. */
  readonly others: Open;
  /** How many of the others were owners by hand, which an operator is asked about. */
  readonly formerOwners: number;
}

/** Tries after which whatever keeps the work from being done is somebody's to mend. */
const MANY_TRIES = 10;

interface Known {
  readonly apps: readonly Pick<Status['apps'][number], 'parked' | 'refused'>[];
  readonly ending: readonly Pick<Status['ending'][number], 'parked' | 'refused'>[];
  readonly pending: readonly PendingItem[];
  readonly heldFor: readonly Status['heldFor'][number][];
}

export function openOf({ apps, ending, pending, heldFor }: Known): OpenWork {
  const counted = (state: 'parked' | 'refused') => [...apps, ...ending].reduce((sum, app) => sum + app[state], 0);
  const listed = (state: PendingItem['state'], fits: (reason: string) => boolean = () => true) =>
    pending.filter(item => item.state === state && fits(item.reason.replace(/:[^]*/, '')));
  const held = (fits: (reason: string) => boolean): Open => {
    const items = listed('held', fits);
    const people = heldFor.reduce((sum, one) => sum + (fits(one.reason) ? one.people : 0), 0);
    return { items, all: Math.max(items.length, people) };
  };
  // What two apps wait for alike is counted for both: where everything is listed, that is how much there is.
  const all = (items: readonly PendingItem[], most: number) =>
    items.length < PENDING_LISTED ? items.length : Math.max(items.length, most);
  const parked = listed('parked');
  const triedOn = pending.filter(({ state, attempts }) => state === 'waiting' && attempts >= MANY_TRIES);
  const refused = listed('refused');
  return {
    parked: { items: parked, all: all(parked, counted('parked')) },
    refused: { items: refused, all: all(refused, counted('refused')) },
    triedOn: { items: triedOn, all: triedOn.length },
    reHires: held(reason => reason === 're-hire'),
    others: held(reason => reason !== 're-hire' && reason !== 'guard'),
    formerOwners: held(reason => reason === 'former-owner').all,
  };
}

/** Said below a list that has no room for all. */
export function firstOf({ items, all }: Open): Html | false {
  if (all <= items.length) return false;
  return html`<p class="hint">
    These are the first ${number(items.length)} of ${number(all)}; the others come up as these are dealt with.
  </p>`;
}
