/** What a large body is read by: small steps, which come to the same as reading it at once. */
import { type Leniency } from '../../bridge/scim-language/dialects/dialect';
import { parseJson, parsingJson } from '../../bridge/scim-language/json';
import { MEMBERS_OF_STEP, readMembers, readingMembersAhead } from '../../bridge/scim-language/schema/members';
import { groupType } from '../../bridge/scim-language/schema/resource-types';
import { type Steps } from '../../bridge/scim-language/steps';
import { inTurns } from '../../bridge/store/database/turns';
import { lenient, refusal } from './leniency';

const MANY = 20_000;

const members = groupType.rowsAttribute;
if (members === undefined) throw new Error('groups have members');

function body(list: readonly unknown[]) {
  return Buffer.from(JSON.stringify({ displayName: 'everybody', members: list }));
}

const people = Array.from({ length: MANY }, (_, index) => ({ value: `person-${index}`, display: `Person ${index}` }));

/** Does all steps, and counts the pauses. */
function counted<T>(steps: Steps<T>): { readonly value: T; readonly pauses: number } {
  for (let pauses = 0; ; pauses += 1) {
    const step = steps.next();
    if (step.done === true) return { value: step.value, pauses };
  }
}

function ahead(read: unknown, leniency: Leniency = {}) {
  const value = read as Parameters<typeof readingMembersAhead>[1];
  return counted(readingMembersAhead(members as NonNullable<typeof members>, value, leniency));
}

test('a text is left off at least once in every 70 KiB of it, and read to the same', () => {
  const bytes = body(people);
  const { value, pauses } = counted(parsingJson(bytes));
  expect(pauses).toBeGreaterThanOrEqual(Math.floor(bytes.length / (70 * 1024)));
  expect(JSON.stringify(value)).toBe(bytes.toString());
  expect(value).toEqual(parseJson(bytes));
});

test('a wrong text is refused in steps as at once', async () => {
  const bytes = Buffer.concat([body(people).subarray(0, -2), Buffer.from(',]}')]);
  const atOnce = refusal(() => parseJson(bytes));
  await expect(inTurns(parsingJson(bytes))).rejects.toMatchObject(atOnce);
});

test('long lists of members are read ahead, a thousand in a step, wherever a body has them', () => {
  const put = parseJson(body(people));
  const { value, pauses } = ahead(put);
  expect(pauses).toBe(MANY / MEMBERS_OF_STEP);
  const list = (put as { members: typeof put }).members;
  expect(value.get(list)?.({})).toEqual(readMembers(members, list, {}));

  const operations = [
    { op: 'add', path: 'members', value: people },
    { op: 'remove', value: { members: people } },
  ];
  expect(ahead(parseJson(Buffer.from(JSON.stringify({ Operations: operations })))).value.size).toBe(2);
});

test('a short list is not read ahead', () => {
  expect(ahead(parseJson(body(people.slice(0, MEMBERS_OF_STEP))))).toMatchObject({ value: new Map(), pauses: 0 });
});

test('what is read ahead is refused, and its coercions counted, where it is asked for', () => {
  const wrong = parseJson(body([...people, { display: 'nobody' }])) as { members: never };
  const first = ahead(wrong).value.get(wrong.members);
  const atOnce = refusal(() => readMembers(members, wrong.members, {}));
  expect(refusal(() => first?.({}))).toEqual(atOnce);

  const bare = parseJson(body(people.map(({ value }) => value))) as { members: never };
  const reading = lenient('bareValues');
  const second = ahead(bare, reading).value.get(bare.members);
  expect(reading.count).toHaveLength(0);
  const asking = lenient('bareValues');
  expect(second?.(asking)).toHaveLength(MANY);
  expect(asking.count).toHaveLength(MANY);
});
