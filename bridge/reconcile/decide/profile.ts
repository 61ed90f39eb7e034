/** Name and username of an account: they follow the directory when it changes. E-mails can not be written at all. Pure. */
import { cleanRealName, deriveUsernames } from '../../coder/names';
import { isProtected } from './context';
import { type PersonObservation } from './observation';

export interface Profile {
  readonly username: string;
  readonly name: string;
}

/**
 * The profile to write; undefined when it is as it should be, or not this app's to say.
 */
export function decideProfile(
  observation: PersonObservation,
  present: Profile,
  how: 'created' | 'adopted' | undefined,
): Profile | undefined {
  const { context, app, user, person } = observation;
  if (user === undefined || isAnothersToSay(observation)) return undefined;
  const name = cleanRealName(user.fullName);
  // First dealings: an account of the bridge's own has the name of when it was made, one that was found keeps its name.
  const renamed =
    person?.fullName === undefined ? how === 'created' || present.name === '' : person.fullName !== user.fullName;
  const followed = person?.followedUserName;
  const follows =
    context.apps.get(app)?.state.policies.usernames === 'follow' &&
    followed !== undefined &&
    followed !== user.username;
  const [derived] = follows ? deriveUsernames({ userName: user.username, email: user.email, key: user.id }) : [];
  const username = derived === undefined || isProtected(context, derived) ? present.username : derived;
  const next = { username, name: renamed && name !== '' ? name : present.name };
  return next.username === present.username && next.name === present.name ? undefined : next;
}

/** Of several people of one account who are in, the one who was linked first decides what it is called. */
function isAnothersToSay({ accounts, userId, person }: PersonObservation): boolean {
  const linked = accounts.find(({ via }) => via === 'linked');
  const since = person?.linkedAt ?? Number.POSITIVE_INFINITY;
  return (linked?.holders ?? []).some(holder => {
    if (holder.desired.account !== 'present') return false;
    const theirs = holder.person.linkedAt ?? Number.POSITIVE_INFINITY;
    return theirs < since || (theirs === since && holder.person.userId < userId);
  });
}
