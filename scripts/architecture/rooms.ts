/** Rooms and floors, from the rules and from the imports that there are. Pure. */
import { type Import, type Rule } from './imports';

export interface Room {
  readonly name: string;
  /** What it is, in one sentence. */
  readonly is: string;
  /** Rooms that it may import. */
  readonly mayImport: readonly string[];
  /** Those of them that it does import. */
  readonly imports: readonly string[];
  /** 0 for a room that stands on nothing. */
  readonly floor: number;
}

/**
 * The rooms of the rules, the lowest floor first.
 * @throws Error when rooms may import each other in a circle: then nobody stands above anybody
 */
export function roomsOf(rules: readonly Rule[], imports: readonly Import[]): Room[] {
  const found = rules.flatMap(({ name, comment, from, to }) =>
    to.pathNot === undefined || from.path === undefined || !to.pathNot.includes(from.path)
      ? []
      : [{ name, is: comment ?? '', files: new RegExp(from.path), open: to.pathNot }],
  );
  const roomOf = (file: string) => found.find(({ files }) => files.test(file))?.name;
  const mayImport = new Map(
    found.map(({ name, open }) => {
      // What is open is the files of a room, or one file of it.
      const others = found.filter(other => other.name !== name);
      const named = open.flatMap(pattern => {
        const whole = others.find(other => other.files.source === new RegExp(pattern).source)?.name;
        const file = pattern.replace(/^\^|\$$/g, '').replaceAll('\\.', '.');
        const one = whole ?? roomOf(file);
        return one === undefined || one === name ? [] : [one];
      });
      return [name, [...new Set(named)]] as const;
    }),
  );
  const doesImport = new Map(found.map(({ name }) => [name, new Set<string>()]));
  for (const { from, to } of imports) {
    const [own, other] = [roomOf(from), roomOf(to)];
    if (own !== undefined && other !== undefined && mayImport.get(own)?.includes(other))
      doesImport.get(own)?.add(other);
  }

  const floors = new Map<string, number>();
  function floorOf(name: string, above: readonly string[]): number {
    if (above.includes(name)) {
      throw new Error(`rooms may import each other in a circle: ${[...above, name].join(' → ')}`);
    }
    const known = floors.get(name);
    if (known !== undefined) return known;
    const below = (mayImport.get(name) ?? []).map(other => floorOf(other, [...above, name]));
    const floor = below.length === 0 ? 0 : Math.max(...below) + 1;
    floors.set(name, floor);
    return floor;
  }
  return found
    .map(({ name, is }) => ({
      name,
      is,
      mayImport: mayImport.get(name) ?? [],
      imports: [...(doesImport.get(name) ?? [])].sort(),
      floor: floorOf(name, []),
    }))
    .sort((a, b) => a.floor - b.floor || (a.name < b.name ? -1 : 1));
}

/** Rooms as they are drawn: one that only its neighbours may import is part of the outermost room around it. */
export function outerRooms(rooms: readonly Room[]): ReadonlyMap<string, string> {
  const within = (name: string, outer: string) => name === outer || name.startsWith(`${outer}/`);
  return new Map(
    rooms.map(({ name }) => {
      const importers = rooms.filter(room => room.mayImport.includes(name));
      const outer = rooms
        .map(room => room.name)
        .filter(other => within(name, other) && importers.every(room => within(room.name, other)));
      return [name, outer.sort((a, b) => a.length - b.length)[0] ?? name];
    }),
  );
}

/** The arrows between drawn rooms, without those that a longer way says already. */
export function arrowsOf(rooms: readonly Room[], drawnAs: ReadonlyMap<string, string>): [string, string][] {
  const drawn = (name: string) => drawnAs.get(name) ?? name;
  const below = new Map<string, Set<string>>();
  for (const { name, imports } of rooms) {
    const own = below.get(drawn(name)) ?? new Set();
    below.set(drawn(name), own);
    for (const other of imports) if (drawn(other) !== drawn(name)) own.add(drawn(other));
  }
  const reaches = (from: string, to: string): boolean =>
    [...(below.get(from) ?? [])].some(next => next === to || reaches(next, to));
  return [...below].flatMap(([from, targets]) =>
    [...targets]
      .filter(to => ![...targets].some(other => other !== to && reaches(other, to)))
      .map((to): [string, string] => [from, to]),
  );
}
