/** A group of many is read as it was at one moment, and others have their turn meanwhile. */
import { setImmediate as turn } from 'node:timers/promises';
import { createDirectory, type Directory } from '../../../bridge/store/directory';
import { describeEachDatabase } from '../../support/databases';

const context = { app: 'acme', cause: { actor: 'scim' } } as const;
const MANY = 1_700;

describeEachDatabase('a group of many', open => {
  let directory: Directory;
  let group: string;
  let people: string[];

  beforeAll(async () => {
    const database = await open();
    directory = createDirectory(database);
    people = [];
    for (let index = 0; index < MANY; index += 1)
      people.push((await directory.createUser(context, { userName: `p${index}` })).resource.id);
    const members = people.map(value => ({ value }));
    group = (await directory.createGroup(context, { displayName: 'everybody' }, members)).resource.id;
  });

  const read = async (between: () => Promise<void> = () => Promise.resolve()): Promise<string[]> => {
    const seen: string[] = [];
    for await (const chunk of directory.membersOf('acme', [group])) {
      seen.push(...chunk.map(({ value }) => value));
      await between();
    }
    return seen;
  };

  test('is read whole, in order and once', async () => {
    expect(await read()).toEqual([...people].sort());
  });

  test('is read as before a change that comes while it is read, and as after it later', async () => {
    const [first = '', last = ''] = [people.at(0), people.at(-1)];
    const leave = async (value: string) =>
      void (await directory.updateGroup(context, group, () => ({
        memberChanges: [{ kind: 'remove', values: [value] }],
      })));
    let left = false;
    const seen = await read(async () => {
      if (!left) await leave(last);
      left = true;
    });
    expect(seen).toHaveLength(MANY);
    await leave(first);
    expect(await read()).toEqual([...people].sort().slice(1, -1));
  });

  test('leaves turns of the event loop to others', async () => {
    let turns = 0;
    let reading = true;
    const others = (async () => {
      while (reading) {
        await turn();
        turns += 1;
      }
    })();
    await read();
    reading = false;
    await others;
    expect(turns).toBeGreaterThanOrEqual(4);
  });
});
