/** Fills a directory with many users and groups at once, as rows; what it writes is what the directory's verbs write. */
import { sql } from 'kysely';
import { fold } from '../../bridge/scim-language/schema/fold';
import { type Database, backendOf } from '../../bridge/store/database/database';
import { newId } from '../../bridge/store/database/id';

const BATCH = 500;

export function userDocument(index: number): Record<string, unknown> {
  return {
    schemas: [
      'urn:ietf:params:scim:schemas:core:2.0:User',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    ],
    externalId: `00u${String(index).padStart(17, '0')}`,
    userName: `Person.${index}@example.com`,
    name: { formatted: `Person Number ${index}`, familyName: `Number ${index}`, givenName: 'Person' },
    displayName: `Person Number ${index}`,
    title: index % 10 === 0 ? 'Staff Engineer' : 'Engineer',
    active: true,
    emails: [
      { value: `person.${index}@example.com`, type: 'work', primary: true },
      { value: `p${index}@home.example`, type: 'home' },
    ],
    phoneNumbers: [{ value: `tel:+1-555-${index}`, type: 'work' }],
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': {
      department: `Department ${index % 100}`,
      employeeNumber: String(index),
    },
  };
}

/** @returns the ids in order */
export async function fillUsers(database: Database, app: string, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let start = 0; start < count; start += BATCH) {
    await database.transact(async db => {
      const now = 1_700_000_000_000 + start;
      const rows = Array.from({ length: Math.min(BATCH, count - start) }, (_, at) => {
        const document = userDocument(start + at);
        const id = newId(now);
        ids.push(id);
        return { id, document };
      });
      await db
        .insertInto('users')
        .values(
          rows.map(({ id, document }) => ({
            id,
            app,
            user_name: String(document['userName']),
            user_name_key: fold(String(document['userName'])),
            external_id: String(document['externalId']),
            display_name_key: fold(String(document['displayName'])),
            active: 1 as const,
            document: JSON.stringify(document),
            version: 1,
            created_at: now,
            modified_at: now,
          })),
        )
        .execute();
      await db
        .insertInto('user_emails')
        .values(
          rows.flatMap(({ id, document }) =>
            (document['emails'] as { value: string }[]).map(({ value }) => ({
              user_id: id,
              app,
              email_key: fold(value),
            })),
          ),
        )
        .execute();
      await db
        .insertInto('people')
        .values(rows.map(({ id, document }) => ({ user_id: id, app, user_name: String(document['userName']) })))
        .execute();
    });
  }
  return ids;
}

/** Groups without members. @returns the ids in order */
export async function fillGroups(database: Database, app: string, count: number, prefix = 'Group'): Promise<string[]> {
  const ids: string[] = [];
  for (let start = 0; start < count; start += BATCH) {
    const rows = Array.from({ length: Math.min(BATCH, count - start) }, (_, at) => {
      const id = newId();
      ids.push(id);
      const displayName = `${prefix} ${start + at}`;
      return {
        id,
        app,
        display_name: displayName,
        display_name_key: fold(displayName),
        external_id: `00g${start + at}`,
        document: JSON.stringify({ schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName }),
        version: 1,
        member_set: id,
        created_at: 1_700_000_000_000,
        modified_at: 1_700_000_000_000,
      };
    });
    await database.transact(async db => {
      await db.insertInto('groups').values(rows).execute();
    });
  }
  return ids;
}

/** Puts users into a group. */
export async function fillMembers(database: Database, groupId: string, userIds: readonly string[]): Promise<void> {
  for (let start = 0; start < userIds.length; start += BATCH) {
    await database.transact(async db => {
      await db
        .insertInto('member_rows')
        .values(
          userIds
            .slice(start, start + BATCH)
            .map(member_id => ({ set_id: groupId, member_id, member_type: 'User' as const, display: null })),
        )
        .execute();
    });
  }
}

/** Lets Postgres know how large its tables are, as it finds out by itself in time; SQLite is left as the bridge leaves it. */
export async function settle(database: Database): Promise<void> {
  if (backendOf(database.db) === 'postgres') await sql`analyze`.execute(database.db);
}
