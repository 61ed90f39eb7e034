import { type PersonSummary } from '../../contract/admin-api';
import { type PeopleSearch, searchPeople } from '../../store/accounts/people';
import { type AdminDeps } from '../deps';

/** People whose userName, e-mail or Coder username has a text in it. */
export async function findPeople(
  { database }: Pick<AdminDeps, 'database'>,
  search: PeopleSearch,
): Promise<PersonSummary[]> {
  return (await searchPeople(database.db, search)).map(person => ({
    app: person.app,
    scimId: person.userId,
    userName: person.userName,
    email: person.email ?? null,
    directory: person.active === undefined ? 'left' : person.active ? 'active' : 'inactive',
    coderUsername: person.coderUsername ?? null,
    held: person.heldReason === undefined ? null : `${person.heldReason}: ${person.heldDetail ?? ''}`,
  }));
}
