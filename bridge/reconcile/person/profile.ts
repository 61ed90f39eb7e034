/** The profile of an account: name and username follow the directory when it changes. */
import { type CoderUser, cleanRealName, deriveUsernames, isRefusal, outcomeOf } from '../../coder';
import { type Rim } from '../context/rim';
import { Held } from '../decide/hold-reason';
import { type PersonRecord, type Scene } from './record';

/** Name and username follow the directory when it changes; e-mails can not be written at all. */
export async function writeProfile(
  rim: Rim,
  { context, user, person }: Scene,
  record: PersonRecord,
  account: CoderUser,
): Promise<void> {
  if (user === undefined) return;
  if (user.email !== undefined && user.email.toLowerCase() !== account.email.toLowerCase())
    record.held.push(
      new Held(
        'email-pending',
        `e-mail is ${JSON.stringify(account.email)} in Coder and ${JSON.stringify(user.email)} in the directory: Coder takes it over at the person's next sign-in, nobody can write it before`,
      ),
    );
  const name = cleanRealName(user.fullName);
  const how = record.change.coder?.how ?? person?.how;
  // First dealings: an account of the bridge's own has the name of when it was made, one that was found keeps its name.
  const renamed =
    person?.fullName === undefined ? how === 'created' || account.name === '' : person.fullName !== user.fullName;
  const next = { username: account.username, name: renamed && name !== '' ? name : account.name };
  const followed = person?.followedUserName;
  const follows =
    context.apps.get(user.app)?.state.policies.usernames === 'follow' &&
    followed !== undefined &&
    followed !== user.username;
  if (follows)
    next.username =
      deriveUsernames({ userName: user.username, email: user.email, key: user.id })[0] ?? account.username;
  if (next.username === account.username && next.name === account.name) return;
  const before = `${account.username} ${JSON.stringify(account.name)}`;
  const after = `${next.username} ${JSON.stringify(next.name)}`;
  try {
    await rim.coder.setProfile(account, next);
    record.trail.note(record.subject, 'profile.set', 'done', { before, after });
    if (next.username !== account.username) record.change = { ...record.change, coderUsername: next.username };
  } catch (error) {
    const failure = outcomeOf(error);
    record.trail.note(record.subject, 'profile.set', failure.kind === 'terminal' ? 'held' : 'failed', {
      before,
      after,
      detail: error instanceof Error ? error.message : String(error),
    });
    if (!isRefusal(error)) {
      record.failure = failure.kind === 'terminal' ? { kind: 'failed', error } : failure;
      return;
    }
    record.held.push(new Held(error.reason ?? 'refused', error.message));
  }
}
