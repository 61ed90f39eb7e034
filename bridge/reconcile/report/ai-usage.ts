/** Who did what with which AI tool: Coder's sessions, joined with whom the directory says that each account is. */
import { CoderError } from '../../coder';
import { type AiUsage, type AiUser } from '../../contract/admin-api';
import { groupsOfUser } from '../../store/directory/reading';
import { peopleOfAccount } from '../../store/accounts/people';
import { type Rim } from '../context/rim';

/** Site roles that see everybody's sessions: others are answered with none. */
const READERS = ['owner', 'auditor'];

type Summed = Pick<AiUser, 'coderUserId' | 'coderUsername' | 'sessions' | 'calls' | 'tokens' | 'lastAt'> & {
  readonly models: Set<string>;
  readonly clients: Set<string>;
};

type Window = { readonly since: number; readonly until: number };

export async function aiUsage(rim: Rim, window: Window): Promise<AiUsage> {
  const frame = { since: new Date(window.since).toISOString(), until: new Date(window.until).toISOString() };
  const unknown = (problem: string) => ({ ...frame, problem, spendProblem: null, people: [] });
  const { roles, user } = await rim.coder.whoami();
  if (!roles.site.some(role => READERS.includes(role)))
    return unknown(
      `Coder shows AI sessions to owners and auditors alone, and answers others with none: give ${JSON.stringify(user.username)} the site role auditor`,
    );
  try {
    const used = await sum(rim, window);
    const spend = await sumSpend(rim, window);
    const people = await Promise.all(
      [...used.values()].map(one =>
        identify(rim, one, spend.of === null ? null : (spend.of.get(one.coderUserId) ?? 0)),
      ),
    );
    people.sort((a, b) => b.calls - a.calls || (a.coderUsername < b.coderUsername ? -1 : 1));
    return { ...frame, problem: null, spendProblem: spend.problem, people };
  } catch (error) {
    if (!(error instanceof CoderError) || error.status !== 403) throw error;
    return unknown(`Coder has no AI gateway, or it is switched off: ${error.message}`);
  }
}

async function sum(rim: Rim, window: Window): Promise<Map<string, Summed>> {
  const used = new Map<string, Summed>();
  for await (const session of rim.coder.background.aiSessions(window)) {
    const { coderUserId, username, calls, tokens, models, client, startedAt } = session;
    const before = used.get(coderUserId);
    used.set(coderUserId, {
      coderUserId,
      coderUsername: username,
      sessions: (before?.sessions ?? 0) + 1,
      calls: (before?.calls ?? 0) + calls,
      tokens: {
        input: (before?.tokens.input ?? 0) + tokens.input,
        output: (before?.tokens.output ?? 0) + tokens.output,
        cacheRead: (before?.tokens.cacheRead ?? 0) + tokens.cacheRead,
        cacheWrite: (before?.tokens.cacheWrite ?? 0) + tokens.cacheWrite,
      },
      models: new Set([...(before?.models ?? []), ...models]),
      clients: new Set([...(before?.clients ?? []), ...(client === '' ? [] : [client])]),
      // The newest comes first.
      lastAt: before?.lastAt ?? startedAt,
    });
  }
  return used;
}

interface Spent {
  /** Millionths of a US dollar by id of the account; null when it is not known. */
  readonly of: ReadonlyMap<string, number> | null;
  readonly problem: string | null;
}

/** Who may see sessions need not see what they cost: one part that can't be had makes the whole unknown, never smaller. */
async function sumSpend(rim: Rim, window: Window): Promise<Spent> {
  const of = new Map<string, number>();
  try {
    for (const { id } of await rim.coder.listOrganizations())
      for (const { coderUserId, costMicros } of await rim.coder.background.aiSpend(id, window))
        of.set(coderUserId, (of.get(coderUserId) ?? 0) + costMicros);
    return { of, problem: null };
  } catch (error) {
    if (!(error instanceof CoderError)) throw error;
    return { of: null, problem: error.message };
  }
}

async function identify(rim: Rim, { models, clients, ...used }: Summed, spendMicros: number | null): Promise<AiUser> {
  const { db } = rim.database;
  const people = await peopleOfAccount(db, used.coderUserId);
  const subjects = people.map(async ({ app, userId, externalId, userName }) => ({
    app,
    scimId: userId,
    externalId: externalId ?? null,
    userName,
    groups: (await groupsOfUser(db, userId)).map(group => group.displayName).sort(),
  }));
  return {
    subjects: await Promise.all(subjects),
    ...used,
    spendMicros,
    models: [...models].sort(),
    clients: [...clients].sort(),
  };
}
