/** What a change looks like in a row: each field that differs, with its old and its new value. */
import { NEVER } from '../state/clock';
import { type Group, type Membership, type User } from '../state/entities';

export interface DiffEntry {
  readonly old?: unknown;
  readonly new?: unknown;
  readonly secret?: boolean;
}

export type Diff = Readonly<Record<string, DiffEntry>>;

/** The fields whose values differ; a side that is undefined is left out, as the server leaves out what is nil. */
export function differences(fields: Readonly<Record<string, readonly [before: unknown, after: unknown]>>): Diff {
  const entries = Object.entries(fields).filter(([, [old, now]]) => JSON.stringify(old) !== JSON.stringify(now));
  return Object.fromEntries(
    entries.map(([field, [old, now]]) => [
      field,
      { ...(old !== undefined && { old }), ...(now !== undefined && { new: now }) },
    ]),
  );
}

export function creationOf(user: User): Diff {
  return {
    ...differences({
      email: ['', user.email],
      id: ['', user.id],
      is_service_account: [false, user.isServiceAccount],
      login_type: ['', user.loginType],
      name: ['', user.name],
      rbac_roles: [undefined, [...user.roles]],
      status: ['', user.status],
      username: ['', user.username],
    }),
    hashed_password: { secret: true },
  };
}

/** A membership that came or went. */
export function membershipDiff(user: User, membership: Membership, way: 'came' | 'went'): Diff {
  const turn = (there: unknown, absent: unknown): [unknown, unknown] =>
    way === 'came' ? [absent, there] : [there, absent];
  return differences({
    created_at: turn(membership.createdAt, NEVER),
    roles: turn([...membership.roles], undefined),
    updated_at: turn(membership.updatedAt, NEVER),
    user_id: turn(user.id, ''),
    username: turn(user.username, ''),
  });
}

interface MemberRow {
  readonly group_id: string;
  readonly user_id: string;
}

/** Above this many members a row tells only who came and went; both lists whole would fill the memory of a bench. */
const WHOLE_LISTS_UP_TO = 1000;

/** Remembers who is in a group, and says afterwards how that changed. */
export function watchMembers(group: Group): () => Diff {
  const row = (user: User): MemberRow => ({ group_id: group.id, user_id: user.id });
  const before = [...group.members];
  return (): Diff => {
    const after = [...group.members];
    const was = new Set(before);
    const is = new Set(after);
    const came = after.filter(user => !was.has(user));
    const went = before.filter(user => !is.has(user));
    if (came.length + went.length === 0) return {};
    const whole = before.length <= WHOLE_LISTS_UP_TO;
    return { members: { old: (whole ? before : went).map(row), new: (whole ? after : came).map(row) } };
  };
}
