/** A long list is sorted as any other, with turns for others between. */
import fc from 'fast-check';
import { sortedInTurns } from '../../../bridge/store/database/pieces';

describe('sorting in turns', () => {
  it('is sorting', async () => {
    const texts = fc.array(fc.string({ maxLength: 4 }), { maxLength: 7_000, size: 'max' });
    await fc.assert(
      fc.asyncProperty(texts, async list => {
        expect(await sortedInTurns(list)).toEqual([...list].sort());
      }),
      { numRuns: 30 },
    );
  });

  it('lets others have their turn in between, and changes no list', async () => {
    const list = Array.from({ length: 20_000 }, (_, index) => String((index * 7919) % 20_000));
    const before = [...list];
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      if (isDone) return;
      turns += 1;
      setImmediate(count);
    };
    setImmediate(count);
    await sortedInTurns(list);
    isDone = true;
    expect(turns).toBeGreaterThan(20);
    expect(list).toEqual(before);
  });
});
