import { CoderError } from '../../../bridge/coder/transport/errors';
import { type Page, readListing } from '../../../bridge/coder/transport/paging';

/** A listing as Coder has it: a page after a deleted row is empty, and the count rides on the rows. */
class World {
  fetched = 0;
  constructor(
    public rows: string[],
    private readonly options: { cap?: number; total?: boolean; meanwhile?: (world: World) => void } = {},
  ) {}

  fetch = async (after: string | undefined, limit: number): Promise<Page<string>> => {
    this.fetched += 1;
    if (this.fetched > 200) throw new Error('reads for ever');
    const start = after === undefined ? 0 : this.rows.indexOf(after) + 1;
    const rest = after !== undefined && start === 0 ? [] : this.rows.slice(start);
    const rows = rest.slice(0, Math.min(limit, this.options.cap ?? limit));
    const count = rows.length === 0 ? 0 : this.options.total === true ? this.rows.length : rest.length;
    this.options.meanwhile?.(this);
    return { rows, count };
  };

  async read(pageSize = 10): Promise<string[]> {
    const rows: string[] = [];
    const listing = { route: 'GET /rows', pageSize, fetch: this.fetch, idOf: (row: string) => row };
    for await (const row of readListing(listing)) rows.push(row);
    return rows;
  }
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `row-${index}`);

describe('a listing in pages', () => {
  test.each([0, 1, 9, 10, 11, 20, 25])('of %i rows is read whole, with no call too many', async count => {
    const world = new World(numbered(count));
    expect(await world.read()).toEqual(numbered(count));
    expect(world.fetched).toBe(Math.max(1, Math.ceil(count / 10)));
  });

  test.each([0, 9, 10, 20, 25])('of %i rows is read whole where each page states the total', async count => {
    expect(await new World(numbered(count), { total: true }).read()).toEqual(numbered(count));
  });

  test('is not cut short by a server that sends smaller pages than asked for', async () => {
    expect(await new World(numbered(25), { cap: 4 }).read()).toEqual(numbered(25));
    expect(await new World(numbered(25), { cap: 4, total: true }).read()).toEqual(numbered(25));
  });

  test('starts again when the row it would go on after is deleted, and yields nothing twice', async () => {
    const world = new World(numbered(30), {
      meanwhile: ({ rows, fetched }) => {
        if (fetched === 1) rows.splice(9, 1);
      },
    });
    const read = await world.read();
    expect(new Set(read).size).toBe(read.length);
    expect(read.sort()).toEqual(numbered(30).sort());
  });

  test('is complete when rows that were read already are deleted meanwhile', async () => {
    const world = new World(numbered(25), {
      meanwhile: ({ rows, fetched }) => {
        if (fetched === 1) rows.splice(0, 5);
      },
    });
    expect(await world.read()).toEqual(numbered(25));
    expect(world.fetched).toBe(3);
  });

  test('of which each page is the first one again ends, and is an error', async () => {
    const world = new World(numbered(25));
    const first = world.fetch;
    world.fetch = (_after, limit) => first(undefined, limit);
    const reading = world.read();
    await expect(reading).rejects.toMatchObject({ kind: 'incomplete_listing', retryable: true });
    await expect(reading).rejects.toThrow(/ended after 10 of 25 rows, twice/);
  });

  test('that ends short twice is an error, not a shorter truth', async () => {
    const world = new World(numbered(30), {
      meanwhile: world => {
        const last = world.rows.indexOf(`row-${9 + Math.floor((world.fetched - 1) / 2)}`);
        world.rows.splice(last, 1);
      },
    });
    const reading = world.read();
    await expect(reading).rejects.toThrow(CoderError);
    await expect(reading).rejects.toMatchObject({ kind: 'incomplete_listing', retryable: true });
  });

  test('whose first page is empty although its count is not is an error', async () => {
    const fetch = async (): Promise<Page<string>> => ({ rows: [], count: 7 });
    const reading = (async () => {
      for await (const row of readListing({ route: 'GET /rows', pageSize: 10, fetch, idOf: (id: string) => id }))
        throw new Error(row);
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'incomplete_listing' });
  });
});
