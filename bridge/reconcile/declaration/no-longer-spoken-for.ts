/**
 * Warnings of accounts that an app would not get by what is declared now: `people.sharedWith` and `people.emailDomains` are about who
 * comes in, and nobody is taken out by narrowing them.
 */
import { countActiveIn, peopleSpokenFor } from '../../store/accounts/spoken-for';
import { type StoredApp } from '../../store/apps/apps';
import { type Db } from '../../store/database/database';
import { foreignDomain, isShared } from '../decide/adoption';
import { type Context } from '../decide/context';
import { type HeldReason } from '../decide/hold-reason';

const FOREIGN: HeldReason = 'foreign-domain';

/** @returns warnings in words */
export async function noLongerSpokenFor(
  db: Db,
  declared: Pick<Context, 'apps'>,
  { name, state }: Pick<StoredApp, 'name' | 'state'>,
): Promise<string[]> {
  const others = [...declared.apps.values()]
    .filter(other => other.name !== name && !other.deleting && !isShared(declared, name, other.name))
    .map(other => other.name)
    .sort();
  const domains = state.people.emailDomains;
  // One app alone, for everybody: nothing is looked for.
  if (others.length === 0 && domains.length === 0) return [];
  const inCommon = new Map<string, number>();
  let foreign = 0;
  for await (const people of peopleSpokenFor(db, name)) {
    const accounts = people.map(({ coderUserId }) => coderUserId);
    for (const [other, some] of await countActiveIn(db, others, accounts))
      inCommon.set(other, (inCommon.get(other) ?? 0) + some);
    foreign += people.filter(
      ({ email, heldReason }) =>
        email !== undefined && heldReason !== FOREIGN && foreignDomain(declared, name, email) !== undefined,
    ).length;
  }
  const problems: string[] = [];
  for (const other of others) {
    const accounts = inCommon.get(other) ?? 0;
    if (accounts > 0)
      problems.push(
        `${count(accounts, 'account belongs', 'accounts belong')} to people of app ${JSON.stringify(other)} as well, and the two apps do not name each other in people.sharedWith: what is joined stays joined, and either app gives, and keeps in; name each other again, or unassign these people in one of the two`,
      );
  }
  if (foreign > 0)
    problems.push(
      `${count(foreign, 'person has an account', 'people have accounts')} by an e-mail in none of people.emailDomains (${domains.join(', ')}): who is in stays in; add the domain there, or unassign them, which locks them out`,
    );
  return problems;
}

/** Whether a warning is one of these. */
export function isAboutSpokenFor(problem: string): boolean {
  return /name each other in people\.sharedWith: |in none of people\.emailDomains \(/.test(problem);
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
