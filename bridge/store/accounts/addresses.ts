/** Addresses that people have had: an account that bears a former one may still be theirs. */
import { identityKey } from '../../contract/identity';
import { type Db } from '../database/database';
import { among } from '../database/listed';
import { statement } from '../database/statement';

/** An address of a person, and when the directory last, and first, began to state it (milliseconds). */
export interface Address {
  readonly address: string;
  readonly since: number;
  readonly firstSince: number;
}

const insertAddress = statement<{ userId: string; app: string; key: string; address: string; now: number }>()(
  (db, { userId, app, key, address, now }) =>
    db
      .insertInto('addresses')
      .values({ user_id: userId, app, address_key: key, address, since: now, first_since: now })
      .onConflict(conflict => conflict.columns(['user_id', 'address_key']).doUpdateSet({ since: now })),
);

/** Remembers an address that a person has from now on. */
export async function noteAddress(
  db: Db,
  who: { readonly userId: string; readonly app: string },
  address: string,
  now: number,
): Promise<void> {
  await insertAddress(db, { ...who, key: identityKey(address), address, now });
}

const selectAddresses = statement<{ userId: string }>()((db, { userId }) =>
  db
    .selectFrom('addresses')
    .select(['address', 'since', 'first_since'])
    .where('user_id', '=', userId)
    .orderBy('since')
    .orderBy('address_key'),
);

type AddressRow = Readonly<Record<'since', number | string>> & {
  readonly address: string;
  readonly first_since: number | string | null;
};

export function addressOf(row: AddressRow): Address {
  return { address: row.address, since: Number(row.since), firstSince: Number(row.first_since ?? row.since) };
}

/** Every address of a person, the one that they had first before the others. */
export async function addressesOf(db: Db, userId: string): Promise<Address[]> {
  const { rows } = await selectAddresses(db, { userId });
  return rows.map(addressOf);
}

const selectOfPeople = statement<{ userIds: readonly string[] }>()((db, { userIds }) =>
  db
    .selectFrom('addresses')
    .select(['user_id', 'address', 'since', 'first_since'])
    .where('user_id', 'in', among(db, userIds))
    .orderBy('since')
    .orderBy('address_key'),
);

/** Addresses of several people, by SCIM id, each as `addressesOf`. */
export async function addressesOfPeople(db: Db, userIds: readonly string[]): Promise<Map<string, Address[]>> {
  const known = new Map<string, Address[]>();
  if (userIds.length === 0) return known;
  const { rows } = await selectOfPeople(db, { userIds });
  for (const row of rows) known.set(row.user_id, [...(known.get(row.user_id) ?? []), addressOf(row)]);
  return known;
}

const selectOthers = statement<{ key: string; userId: string }>()((db, { key, userId }) =>
  db
    .selectFrom('addresses')
    .select(['user_id', 'app', 'since'])
    .where('address_key', '=', key)
    .where('user_id', '!=', userId)
    .orderBy('user_id'),
);

/** Somebody who has or had an address, and when the directory last began to state it of them (milliseconds). */
export interface OtherOfAddress {
  readonly userId: string;
  readonly app: string;
  readonly since: number;
}

/** Other people, of any app, who have or had this address. */
export async function othersOfAddress(db: Db, address: string, userId: string): Promise<OtherOfAddress[]> {
  const { rows } = await selectOthers(db, { key: identityKey(address), userId });
  return rows.map(row => ({ userId: row.user_id, app: row.app, since: Number(row.since) }));
}

export async function forgetAddresses(db: Db, userId: string): Promise<void> {
  await db.deleteFrom('addresses').where('user_id', '=', userId).execute();
}
