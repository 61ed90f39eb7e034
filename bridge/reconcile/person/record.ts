/** One person's scene, and what one piece of work came to know and do about it. */
import { type CoderUser } from '../../coder';
import { type DirectoryUser } from '../../contract/directory';
import { type Grant } from '../../store/accounts/grants';
import { type Person, type PersonChange } from '../../store/accounts/people';
import { type Work } from '../../store/work/work';
import { type Applied } from './apply-steps';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { type Desired } from '../decide/desired';
import { type Guarded } from './guard-removals';
import { type Held } from '../decide/hold-reason';
import { type Step } from '../decide/plan';
import { type Subject, Trail } from '../context/audit-lines';

export interface Scene {
  readonly context: Context;
  readonly user: DirectoryUser | undefined;
  readonly person: Person | undefined;
  /** What this SCIM user alone asks for. */
  readonly own: Desired;
}

/** What one piece of work came to know and do, until it is written down. */
export interface PersonRecord {
  change: PersonChange;
  account: CoderUser | undefined;
  trail: Trail;
  subject: Subject;
  held: Held[];
  wishes: Extract<Step, { kind: 'group-add' | 'group-remove' }>[];
  given: Grant[];
  taken: Grant[];
  /** Organizations that the account is not in, but memberships of whose groups are remembered. */
  outside: Set<string>;
  /** The account is no more: nothing is remembered of it. */
  forget: string | undefined;
  /** The person's own row has nothing to say any more. */
  drop: boolean;
  removed: boolean;
  guarded: Guarded | undefined;
  failure: Applied['failure'];
}

export function newRecord(
  rim: Rim,
  work: Work,
  user: DirectoryUser | undefined,
  person: Person | undefined,
): PersonRecord {
  return {
    change: {},
    account: undefined,
    trail: new Trail(work.cause, () => rim.clock.now()),
    subject: {
      app: work.app,
      subject: user?.id ?? person?.userId,
      subjectName: user?.userName ?? person?.userName,
      coderUserId: person?.coderUserId,
    },
    held: [],
    wishes: [],
    given: [],
    taken: [],
    outside: new Set(),
    forget: undefined,
    drop: false,
    removed: false,
    guarded: undefined,
    failure: undefined,
  };
}
