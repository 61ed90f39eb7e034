/** Accounts of Coder whom no directory stands for: told once each, never touched. */
import { writeAuditInTurns } from '../../store/audit/audit';
import { piecesOf } from '../../store/database/pieces';
import { type Context, untouchable } from '../decide/context';
import { type Rim } from '../context/rim';
import { AuditLines } from '../context/audit-lines';
import { type World } from '../survey/world';

const PAGE = 500;

/** Accounts in no directory, service accounts and other untouchable ones left out. */
export async function* unlinkedAccounts(
  rim: Rim,
  context: Context,
  world: World,
): AsyncGenerator<{ id: string; username: string; email: string; status: string }> {
  const { db } = rim.database;
  for await (const page of piecesOf([...world.accounts.keys()], PAGE)) {
    const known = new Set(
      (await db.selectFrom('people').select('coder_user_id').where('coder_user_id', 'in', page).execute()).map(
        row => row.coder_user_id,
      ),
    );
    for (const id of page) {
      const account = world.accounts.get(id);
      if (account === undefined || known.has(id) || untouchable(context, account) !== undefined) continue;
      yield { id, username: account.username, email: account.email, status: account.status };
    }
  }
}

/** One audit line for each stranger that has none yet. */
export async function reportUnlinkedAccounts(rim: Rim, context: Context, world: World): Promise<void> {
  const { db } = rim.database;
  const told = new Set(
    (
      await db.selectFrom('audit').select('coder_user_id').distinct().where('action', '=', 'account.stranger').execute()
    ).map(row => row.coder_user_id),
  );
  const lines = new AuditLines({ actor: 'sweep' }, () => rim.clock.now());
  for await (const stranger of unlinkedAccounts(rim, context, world))
    if (!told.has(stranger.id))
      lines.note({ app: null, coderUserId: stranger.id }, 'account.stranger', 'reported', {
        target: stranger.username,
        after: `${stranger.status} ${stranger.email}`.trim(),
        detail: 'in Coder, in no directory; left alone',
      });
  await writeAuditInTurns(db, lines.rows);
}
