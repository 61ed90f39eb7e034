/**
 * Who else loses or gains something by the same request, or did within the hour: one request is one plan, however many people it
 * is about and by whatever route it reaches them. Read from the store alone, inside the transaction that decides.
 */
import { grantsOf } from '../../store/accounts/grants';
import { memberStatesOf } from '../../store/accounts/coder-members';
import {
  countedOrMore,
  countedOthers,
  type OthersQuestion,
  waitingOthers,
  whoMayLose,
} from '../../store/accounts/ledger';
import { readPerson } from '../../store/accounts/people';
import { type Db } from '../../store/database/database';
import { nextTurn } from '../../store/database/turns';
import { isRequest } from '../../store/work/causes';
import { groupsOfUser, readUser } from '../../store/directory/reading';
import { type Context } from '../decide/context';
import { desire } from '../decide/desired';
import { type Entitlement, keyOf } from '../decide/entitlement';
import { isPrivileged } from '../decide/plan';
import { groupsHeld } from './holdings';

/**
 * How many others count, exactly as far as that decides.
 * @param limit how many, this person included, are let through
 */
export async function countOthers(
  db: Db,
  context: Context,
  question: OthersQuestion,
  limit: (others: number) => Promise<number>,
): Promise<number> {
  const isLeaving = question.kind === 'leaving';
  // Who is let in again can only be told from Coder: those count one after the other.
  const asksWhoWaits = question.kind !== 'activation' && (isLeaving || question.causes.some(isRequest));
  const waiting = asksWhoWaits ? waitingOthers(db, question, isLeaving ? 'leaving' : 'active') : undefined;
  let first = (await waiting?.next())?.value;
  // Nearly always nobody waits, and they are few: then they need not be told apart. Who is counted twice only makes them more.
  if ((first?.length ?? 0) === 0) {
    const { size } = await asFarAsDecides(limit, async few => ({ size: await countedOrMore(db, question, few) }));
    if (size + 1 <= (await limit(size))) return size;
  }
  const counted = await asFarAsDecides(limit, few => countedOthers(db, question, few));
  if (waiting === undefined) return counted.size;
  const nextPage = async (): Promise<readonly string[] | undefined> => {
    const page = first ?? (await waiting.next()).value;
    first = undefined;
    return page?.filter(subject => !counted.has(subject));
  };
  // Everybody who waits may count: often that is few enough.
  const pages: (readonly string[])[] = [];
  let most = counted.size;
  while (most + 1 <= (await limit(most))) {
    const page = await nextPage();
    if (page === undefined) return most;
    pages.push(page);
    most += page.length;
  }
  if (isLeaving) return most;
  const allowed = await limit(most);
  const onlyMapped = context.rules.get(question.app)?.state.policies.accounts === 'mapped';
  let others = counted.size;
  let foreseen = 0;
  const following = async () => pages.shift() ?? (await nextPage());
  for (let page = await following(); page !== undefined; page = await following()) {
    const asked = question.kind === 'privilege' ? page : await whoMayLose(db, page, onlyMapped);
    for (const [index, subject] of asked.entries()) {
      if (others + 1 > allowed) return others;
      // Of more than these nobody is asked one by one, while everybody else waits: they count as losing.
      if ((foreseen += 1) > MOST_FORESEEN) return Math.max(others, allowed);
      // Others may be many: whoever does not write has a turn meanwhile.
      if (index % FORESEEN_AT_ONCE === FORESEEN_AT_ONCE - 1) await nextTurn();
      const { loses, gainsPrivilege } = await foresee(db, context, question.app, subject.slice('person:'.length));
      if (question.kind === 'privilege' ? gainsPrivilege : loses) others += 1;
    }
    if (others + 1 > allowed) return others;
  }
  return others;
}

/** People who are looked at between two turns of the event loop. */
const FORESEEN_AT_ONCE = 20;
/** People who are looked at for one question. */
const MOST_FORESEEN = 10_000;

/** Who lost something or is held counts as far as that decides: few are let through anyway, and more than are let through are too many. */
async function asFarAsDecides<Counted extends { readonly size: number }>(
  limit: (others: number) => Promise<number>,
  count: (atMost: number) => Promise<Counted>,
): Promise<Counted> {
  const few = await limit(0);
  const counted = await count(few);
  if (counted.size < few) return counted;
  const allowed = await limit(counted.size);
  return allowed > few ? await count(allowed) : counted;
}

/** What becomes of somebody who waits, as far as the store knows what the bridge gave. */
async function foresee(
  db: Db,
  context: Context,
  app: string,
  userId: string,
): Promise<{ readonly loses: boolean; readonly gainsPrivilege: boolean }> {
  const [user, person, rules] = [await readUser(db, userId), await readPerson(db, userId), context.rules.get(app)];
  if (user === undefined || rules === undefined) return { loses: false, gainsPrivilege: false };
  const { account, entitlements } = desire(rules, user, await groupsOfUser(db, userId));
  const isLinked = person?.coderUserId !== undefined;
  const held = isLinked ? await given(db, context, person.coderUserId) : [];
  const has = new Set(held.map(keyOf));
  return {
    // Whoever is out already loses no account a second time.
    loses:
      (account === 'absent' && isLinked && person.outSince === undefined) ||
      held.some(entitlement => !entitlements.has(keyOf(entitlement))),
    gainsPrivilege: [...entitlements.values()].some(wanted => isPrivileged(wanted) && !has.has(keyOf(wanted))),
  };
}

async function given(db: Db, context: Context, accountId: string): Promise<Entitlement[]> {
  const organizations = context.catalog.organizations.map(({ id }) => id);
  const groups = groupsHeld(context, organizations, await memberStatesOf(db, accountId));
  return [
    ...(await grantsOf(db, accountId)),
    ...[...groups].map(([target, organization]) => ({ kind: 'group' as const, organization, target })),
  ];
}
