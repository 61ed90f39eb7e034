/**
 * The provisioning test of a roll-out: a throw-away person and group go through SCIM and are seen to arrive in Coder, then
 * to lose access. Safe in production: the account is dormant (no seat), its address is nobody's, it gets no mapped
 * privilege unless a group is asked for, and it is cleaned up whatever happens.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AdminClient } from '../../admin-client/admin-client';
import { type Explanation, THROWAWAY_DOMAIN } from '../../contract/admin-api';
import { type MappingState } from '../../contract/mapping-state';
import { type Witness } from './coder-witness';
import { type ScimCalls } from './scim-calls';

export interface Step {
  readonly name: string;
  readonly state: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  readonly milliseconds: number;
}

export interface ProvisioningTest {
  readonly scim: ScimCalls;
  readonly admin: Pick<AdminClient, 'explain' | 'deleteThrowaway'>;
  readonly state: MappingState;
  /** Group of the identity provider that the person joins, to see what its mappings give. */
  readonly group?: string | undefined;
  readonly witness?: Witness | undefined;
  /** Longest wait for Coder in one step. */
  readonly timeoutMs: number;
  readonly report: (step: Step) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What has to be taken away again. */
interface Made {
  userId?: string;
  groupId?: string;
  joinedGroupId?: string;
  coderUserId?: string;
}

/** Runs every step, tells each, and cleans up. @returns whether all succeeded */
export async function runProvisioningTest(test: ProvisioningTest): Promise<boolean> {
  const made: Made = {};
  let succeeded = true;
  const step = async (name: string, work: () => Promise<string | { skipped: string }>): Promise<void> => {
    const started = performance.now();
    const tell = (state: Step['state'], detail: string) =>
      test.report({ name, state, detail, milliseconds: performance.now() - started });
    try {
      const result = await work();
      if (typeof result === 'string') tell('ok', result);
      else tell('skipped', result.skipped);
    } catch (error) {
      succeeded = false;
      tell('failed', error instanceof Error ? error.message : String(error));
      throw error;
    }
  };
  try {
    await runSteps(test, made, step);
  } catch {
    // Told by the step that failed; what was made goes all the same.
  }
  await step('clean up', () => cleanUp(test, made)).catch(() => undefined);
  return succeeded;
}

type RunStep = (name: string, work: () => Promise<string | { skipped: string }>) => Promise<void>;

async function runSteps(test: ProvisioningTest, made: Made, step: RunStep): Promise<void> {
  const { scim, state } = test;
  const mark = randomBytes(4).toString('hex');
  const userName = `coder-scim-verify-${mark}@${THROWAWAY_DOMAIN}`;
  const groupName = `coder-scim-verify-${mark}`;

  await step('sign in', async () => {
    await scim.probe();
    return `the SCIM endpoint of ${state.app} takes the token`;
  });
  await step('create person', async () => {
    const displayName = 'Provisioning Test';
    made.userId = await scim.createUser({ userName, email: userName, displayName, externalId: groupName });
    return userName;
  });
  await step('create group', async () => {
    made.groupId = await scim.createGroup(groupName, made.userId ?? '');
    return `${groupName}, with the person in it`;
  });
  const { group } = test;
  if (group !== undefined) {
    await step('join group', async () => {
      const found = await scim.findGroup(group);
      if (found === undefined)
        throw new Error(`the directory of ${state.app} has no group ${JSON.stringify(group)}: push it first`);
      await scim.addMember(found, made.userId ?? '');
      made.joinedGroupId = found;
      return group;
    });
  }
  await step('arrives in Coder', () => seeArrival(test, made));
  await step('deactivate', async () => {
    await scim.deactivate(made.userId ?? '');
    return 'active: false';
  });
  await step('access is gone', () => seeGone(test, made));
}

async function seeArrival(test: ProvisioningTest, made: Made): Promise<string | { skipped: string }> {
  // Under this policy only people in a mapped group get an account; nothing was asked for that would give one.
  const withoutAccount = test.state.policies.accounts === 'mapped' && test.group === undefined;
  const started = Date.now();
  for (;;) {
    const person = await explain(test, made);
    if (person.coderUserId !== null) made.coderUserId = person.coderUserId;
    const missing = missingOf(person);
    if (missing === undefined && person.coderUserId !== null) {
      if (person.status === 'active') throw new Error('the account is active, wanted dormant: it holds a seat');
      const differences = await witnessed(test, person.coderUserId, person.status ?? 'dormant', person);
      if (differences.length === 0) return arrival(person, test);
      if (Date.now() - started > test.timeoutMs) throw new Error(differences.join('; '));
    }
    if (withoutAccount && person.coderUserId === null && Date.now() - started > 2_000) {
      return { skipped: 'accounts: mapped gives no account without a mapped group; --group GROUP tests one' };
    }
    if (Date.now() - started > test.timeoutMs) throw new Error(missing ?? 'the person has no account in Coder');
    await pause(test);
  }
}

/** What is still missing, in a sentence. */
function missingOf(person: Explanation): string | undefined {
  if (person.held !== null) return `held: ${person.held}`;
  if (person.coderUserId === null) return 'the person has no account in Coder';
  const missing = person.entitlements.filter(entitlement => entitlement.present === false);
  return missing.length === 0
    ? undefined
    : `missing in Coder: ${missing.map(({ kind, target }) => `${kind.replace('-', ' ')} ${target}`).join(', ')}`;
}

function arrival({ coderUsername, status, entitlements }: Explanation, { state }: ProvisioningTest): string {
  const given = entitlements.map(
    ({ kind, target, organization }) =>
      `${kind.replace('-', ' ')} ${organization === null || kind === 'organization' ? '' : `${organization}/`}${target}`,
  );
  const when = state.mode === 'claims' && given.length > 0 ? ' (at sign-in)' : '';
  return `${coderUsername}, ${status}${given.length === 0 ? ', no mapped privilege' : `: ${given.join(', ')}${when}`}`;
}

async function seeGone(test: ProvisioningTest, made: Made): Promise<string | { skipped: string }> {
  const { coderUserId } = made;
  if (coderUserId === undefined) return { skipped: 'there is no account' };
  const started = Date.now();
  for (;;) {
    const person = await explain(test, made);
    const left = person.entitlements.filter(
      entitlement => entitlement.present === true && entitlement.kind !== 'organization',
    );
    let wrong = person.status === 'suspended' ? [] : [`status is ${person.status ?? 'unknown'}, wanted suspended`];
    wrong.push(...left.map(({ kind, target }) => `still has ${kind.replace('-', ' ')} ${target}`));
    if (wrong.length === 0) wrong = await witnessed(test, coderUserId, 'suspended', { entitlements: [] });
    if (wrong.length === 0) return 'suspended, no mapped privilege left';
    if (Date.now() - started > test.timeoutMs) throw new Error(wrong.join('; '));
    await pause(test);
  }
}

async function cleanUp(test: ProvisioningTest, made: Made): Promise<string> {
  const { scim, admin } = test;
  const { userId, groupId, joinedGroupId } = made;
  if (userId === undefined) return 'nothing was made';
  const left: string[] = [];
  const remove = async (what: string, work: () => Promise<void>) => {
    await work().catch((error: unknown) =>
      left.push(`${what} stays: ${error instanceof Error ? error.message : String(error)}`),
    );
  };
  // A test that ended early may not have seen the account, or it came later: it is looked for on both sides of the leaving.
  const lookForAccount = async () => {
    // Whoever interrupts the test wants it to end clean, so that this goes on.
    const person = await explain({ admin }, made).catch(() => undefined);
    made.coderUserId ??= person?.coderUserId ?? undefined;
  };
  await lookForAccount();
  if (joinedGroupId !== undefined) await remove('membership', () => scim.removeMember(joinedGroupId, userId));
  if (groupId !== undefined) await remove('group', () => scim.delete('Groups', groupId));
  await remove('person', () => scim.delete('Users', userId));
  await lookForAccount();
  const { coderUserId } = made;
  if (coderUserId !== undefined) await remove('Coder account', () => admin.deleteThrowaway(coderUserId));
  if (left.length > 0) throw new Error(left.join('; '));
  return coderUserId === undefined ? 'person and group are gone' : 'person, group and account are gone';
}

async function explain(
  { admin, signal }: Pick<ProvisioningTest, 'admin' | 'signal'>,
  { userId = '' }: Made,
): Promise<Explanation> {
  const { people } = await admin.explain(userId, signal);
  const person = people.find(other => other.scimId === userId);
  if (person === undefined)
    throw new Error(`the bridge does not know the person ${userId} that its SCIM endpoint has made`);
  return person;
}

async function witnessed(
  { witness, state }: ProvisioningTest,
  coderUserId: string,
  status: string,
  { entitlements }: Pick<Explanation, 'entitlements'>,
): Promise<string[]> {
  // In mode claims Coder gives privileges at the first sign-in, which never comes.
  return (
    (await witness?.differences(coderUserId, { status, entitlements: state.mode === 'claims' ? [] : entitlements })) ??
    []
  );
}

async function pause({ signal }: ProvisioningTest): Promise<void> {
  await sleep(150, undefined, { signal });
}
