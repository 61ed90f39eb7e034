/** What acting came to: data that is written down as it is, whatever ended the work. */
import { type CoderUser, type Outcome as WorkOutcome } from '../../coder';
import { type AuditRow } from '../../store/audit/audit';
import { type Grant } from '../../store/accounts/grants';
import { type LeaverWorkspaces } from '../../store/accounts/leaver-workspaces';
import { type WorkKey } from '../../store/work/enqueue';
import { type Held } from '../decide/hold-reason';
import { type LateStep } from '../decide/observation';
import { type Step } from '../decide/steps';

export type Wish = Extract<Step, { kind: 'group-add' | 'group-remove' }>;

/** Whether nothing is asked of Coder for the step: the group is written for all at once. */
export const isWish = (step: Step): step is Wish => step.kind === 'group-add' || step.kind === 'group-remove';

/** What became of one account. */
export interface AccountOutcome {
  readonly accountId: string;
  /** The journal has an entry of what was about to be done to it. */
  readonly journalled: boolean;
  /** Calls that Coder may take up still: the entry stays, and the account is looked at once more, until they can not come any more. */
  readonly late: readonly LateStep[];
  /** Organizations whose memberships are remembered and over. */
  readonly outside: readonly string[];
  readonly given: readonly Grant[];
  readonly taken: readonly Grant[];
  readonly wishes: readonly Wish[];
  /** Nobody signs in to it any more: it was locked or deleted by this work. */
  readonly ended: boolean;
  readonly deleted: boolean;
  /** Somebody who was locked out of it can sign in to it again by this work. */
  readonly letIn: boolean;
  /** It lost an owner role that somebody gave by hand. */
  readonly endedFormerOwner: boolean;
  /** What is to be remembered of its workspaces: `none` when nothing is; undefined when they were not looked at. */
  readonly workspaces: LeaverWorkspaces | 'none' | undefined;
  /** It is an owner from now on: others may cease to be one. */
  readonly becameOwner: boolean;
  /** Somebody lost something by this. */
  readonly removed: boolean;
}

/** An account that was just made, and is noted with the outcome: until then the journal knows of it. */
export interface MadeAccount {
  readonly user: CoderUser;
  /** The address that it was made for. */
  readonly email: string;
  /** Memberships that it was made with, as gifts of the bridge. */
  readonly given: readonly Grant[];
}

/** The account that the person is from now on. */
export interface Linked {
  readonly id: string;
  readonly username: string;
  readonly how: 'created' | 'adopted';
}

export interface PersonOutcome {
  /** Something was found to be other than observed, or was linked: observe anew. Nothing else is to be recorded then. */
  readonly again: boolean;
  readonly linked: Linked | undefined;
  readonly made: MadeAccount | undefined;
  /** Coder's username, when it was changed. */
  readonly username: string | undefined;
  readonly accounts: readonly AccountOutcome[];
  readonly held: readonly Held[];
  /** Who waited for what this freed: in the queue already. */
  readonly woken: readonly WorkKey[];
  readonly lines: readonly AuditRow[];
  readonly failure: Exclude<WorkOutcome, { kind: 'done' }> | undefined;
  /** Coder refused the lock for want of a right, or of the call: held, and nothing that is seen here says when it can be had again. */
  readonly unlockable: Extract<WorkOutcome, { kind: 'terminal' }> | undefined;
  /** The person is locked out, and nobody has to wait for what is left to take: it follows at once. */
  readonly follows: boolean;
  /** Whether something of theirs is taken, or may be for all that is known. */
  readonly mayHaveTaken: boolean;
}

export const NOTHING_DONE: PersonOutcome = {
  again: false,
  linked: undefined,
  made: undefined,
  username: undefined,
  accounts: [],
  held: [],
  woken: [],
  lines: [],
  failure: undefined,
  unlockable: undefined,
  follows: false,
  mayHaveTaken: false,
};

/** One after the other. */
export function joined(first: PersonOutcome, second: PersonOutcome): PersonOutcome {
  return {
    again: first.again || second.again,
    linked: second.linked ?? first.linked,
    made: second.made ?? first.made,
    username: second.username ?? first.username,
    accounts: [...first.accounts, ...second.accounts],
    held: [...first.held, ...second.held],
    woken: [...first.woken, ...second.woken],
    lines: [...first.lines, ...second.lines],
    // That Coder is away is no try of the work, whatever else failed.
    failure: second.failure?.kind === 'retry' ? second.failure : (first.failure ?? second.failure),
    unlockable: first.unlockable ?? second.unlockable,
    follows: first.follows || second.follows,
    mayHaveTaken: first.mayHaveTaken || second.mayHaveTaken,
  };
}
