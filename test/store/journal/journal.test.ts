/** Entries of the journal when two bridges are about to make the same thing: each closes what it wrote itself, and no more. */
import {
  CALL_MAY_LAST_MS,
  closeEntry,
  closeSame,
  entriesOfSubject,
  handOverEntry,
  type JournalEntry,
  mayLastUntil,
  openEntry,
  readEntry,
} from '../../../bridge/store/journal/journal';
import { describeEachDatabase } from '../../support/databases';

const entry = (since: number, subject = 'one'): JournalEntry => ({
  kind: 'account',
  key: 'ada@example.com',
  app: 'acme',
  subject,
  note: { email: 'Ada@example.com' },
  since,
});

describeEachDatabase('the journal', openDatabase => {
  it('says whether an entry was open, and keeps the newest', async () => {
    const { db } = await openDatabase();
    expect(await openEntry(db, entry(1))).toBe(true);
    expect(await openEntry(db, entry(2, 'two'))).toBe(false);
    expect(await readEntry(db, 'account', 'ada@example.com')).toEqual(entry(2, 'two'));
    await closeEntry(db, 'account', 'ada@example.com');
    expect(await readEntry(db, 'account', 'ada@example.com')).toBeUndefined();
  });

  it('one whose call was refused forgets nothing of what another one is about to make', async () => {
    const { db } = await openDatabase();
    await openEntry(db, entry(1));
    await openEntry(db, entry(2, 'two'));
    await closeSame(db, entry(1));
    expect(await readEntry(db, 'account', 'ada@example.com')).toEqual(entry(2, 'two'));
    await closeSame(db, entry(2, 'two'));
    expect(await readEntry(db, 'account', 'ada@example.com')).toBeUndefined();
  });

  it('hands over the entry that was read, and none that was opened since', async () => {
    const { db } = await openDatabase();
    await openEntry(db, entry(1));
    await handOverEntry(db, entry(1), { app: 'acme', subject: 'heir' });
    expect(await entriesOfSubject(db, 'heir')).toEqual([entry(1, 'heir')]);
    await openEntry(db, entry(2, 'two'));
    await handOverEntry(db, entry(1), { app: 'acme', subject: 'heir' });
    expect(await entriesOfSubject(db, 'heir')).toEqual([]);
  });
});

it.each([
  ['began before', -10_000, CALL_MAY_LAST_MS - 10_000],
  ['begins now', 0, CALL_MAY_LAST_MS],
  ['began at a time that is yet to come, by a clock that was ahead', 365 * 86_400_000, CALL_MAY_LAST_MS],
])('a call that %s may be at work for a minute at most', (_, since, until) => {
  const now = 1_700_000_000_000;
  expect(mayLastUntil(now + since, now)).toBe(now + until);
});
