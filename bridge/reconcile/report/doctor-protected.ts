/** Whether `guard.protectedAccounts` names accounts that are there: a name that is misspelt, or renamed in Coder, protects nobody. */
import { type DoctorCheck } from '../../contract/admin-api';
import { identityKey } from '../../contract/identity';
import { type StoredApp } from '../../store/apps/apps';
import { type Rim } from '../context/rim';

const NAME = 'protected accounts';

/** Nothing where no app names any. */
export async function protectedChecks(rim: Rim, apps: readonly StoredApp[]): Promise<DoctorCheck[]> {
  const names = new Map(
    apps.flatMap(({ state }) => state.guard.protectedAccounts.map(name => [identityKey(name), name])),
  );
  if (names.size === 0) return [];
  const absent: string[] = [];
  for (const name of names.values()) if (!(await isThere(rim, name))) absent.push(JSON.stringify(name));
  if (absent.length === 0) return [{ name: NAME, state: 'ok', detail: 'every one is in Coder', next: null }];
  return [
    {
      name: NAME,
      state: 'warning',
      detail: `no account of Coder has this username or e-mail, so that it protects nobody: ${absent.join(', ')}`,
      next: 'correct guard.protectedAccounts; an e-mail stays right when somebody renames the account',
    },
  ];
}

async function isThere({ coder }: Rim, name: string): Promise<boolean> {
  const found = name.includes('@') ? await coder.findUserByEmail(name) : await coder.findUserByUsername(name);
  return found !== undefined;
}
