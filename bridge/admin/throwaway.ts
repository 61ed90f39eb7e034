/**
 * Throw-away people of `coder-scim verify`: their accounts are deleted when the check is over, whatever the app's policy
 * for leavers says. Nobody else's account can be deleted here.
 */
import { THROWAWAY_DOMAIN } from '../contract/admin-api';
import { writeAudit } from '../store/audit/audit';
import { type Decision } from '../reconcile';
import { deletePerson, peopleOfAccount } from '../store/accounts/people';
import { type AdminDeps } from './deps';
import { Refusal } from '../http/refusal';

/** Deletes the suspended account of a throw-away person; one that is gone is no error. @throws Refusal */
export async function deleteThrowaway(deps: AdminDeps, coderUserId: string, { by }: Decision): Promise<void> {
  const found = await deps.coder.getUser(coderUserId);
  if (found.state !== 'present') return;
  const { user } = found;
  if (!user.email.toLowerCase().endsWith(`@${THROWAWAY_DOMAIN}`) || user.status === 'active') {
    throw new Refusal(
      403,
      'not_throwaway',
      `account ${JSON.stringify(user.username)} was not made by \`coder-scim verify\`, or is in use: it is not deleted`,
    );
  }
  await deps.coder.deleteUser(coderUserId);
  await deps.database.transact(async db => {
    for (const { userId, app, userName } of await peopleOfAccount(db, coderUserId)) {
      await deletePerson(db, userId);
      const entry = { app, actor: 'operator', token: by, subject: userId, subjectName: userName, coderUserId } as const;
      await writeAudit(db, [
        { ...entry, at: deps.clock(), action: 'account.delete', target: user.username, result: 'done' },
      ]);
    }
  });
  deps.log.info({ coderUserId, username: user.username }, 'throw-away account deleted');
}
