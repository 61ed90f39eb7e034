/**
 * Notes of what is about to be made in Coder. Should this process die after Coder's work and before its own note, whoever
 * finds the thing knows that it is the bridge's own.
 */
import { CoderError } from '../../coder';
import { type Db } from '../../store/database/database';
import { deleteSetting, listSettings, readSetting, writeSetting } from '../../store/database/settings';
import { identityKey } from '../../contract/identity';

const GROUP = 'making-group:';
const ROLE = 'making-role:';

/** A group that was about to be made. */
export interface GroupInMaking {
  /** Organization id. */
  readonly organization: string;
  readonly name: string;
  /** The group of the directory that it is for; undefined when a mapping names it. */
  readonly scimGroupId: string | undefined;
  readonly since: number;
}

export function makingGroup(organization: string, name: string): string {
  return `${GROUP}${organization}/${name}`;
}

export function makingRole(organization: string, name: string): string {
  return `${ROLE}${organization}/${identityKey(name)}`;
}

/** Makes something that is noted as being made; the note goes at once only when Coder is known to have made nothing. */
export async function making<T>(
  db: Db,
  key: string,
  note: { readonly scimGroupId?: string | undefined; readonly since: number },
  make: () => Promise<T>,
): Promise<T> {
  await writeSetting(db, key, JSON.stringify(note));
  try {
    return await make();
  } catch (error) {
    if (error instanceof CoderError && error.maybeDone !== true) await deleteSetting(db, key);
    throw error;
  }
}

export async function isInMaking(db: Db, key: string): Promise<boolean> {
  return (await readSetting(db, key)) !== undefined;
}

export async function groupsInMaking(db: Db): Promise<GroupInMaking[]> {
  return (await listSettings(db, GROUP)).map(({ key, value }) => {
    const [organization = '', name = ''] = key.slice(GROUP.length).split('/');
    const note = JSON.parse(value) as { readonly scimGroupId?: string; readonly since: number };
    return { organization, name, scimGroupId: note.scimGroupId, since: note.since };
  });
}
