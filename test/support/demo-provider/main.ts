/**
 * A test double of a provider, for the tests of the plugin library: items are JSON files in a folder. Not a product.
 * What an item's `behaviour` says goes wrong, goes wrong.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  bool,
  defineDataSource,
  defineFunction,
  defineProvider,
  defineResource,
  FunctionError,
  list,
  map,
  nested,
  nestedList,
  nestedMap,
  nestedSet,
  number,
  object,
  ProviderError,
  type PlannedOf,
  serve,
  set,
  type StateOf,
  string,
  Unknown,
} from '../../../provider/plugin';

const item = {
  name: string({ description: 'Name of the file.', required: true, replace: true }),
  size: number({ description: 'From 1 to 100.', optional: true }),
  label: string({ description: 'Any text.', optional: true, computed: true, default: 'none' }),
  behaviour: string({ description: 'fail-after-create, slow, gone, or nothing.', optional: true }),
  secret: string({ description: 'Hidden.', optional: true, sensitive: true }),
  password: string({ description: 'Kept nowhere.', optional: true, writeOnly: true }),
  password_length: number({ description: 'Length of the password last written.', computed: true }),
  tags: set('string', { description: 'Without order.', optional: true }),
  lines: list('string', { description: 'In order.', optional: true }),
  limits: map('number', { description: 'By name.', optional: true }),
  place: object({ city: 'string', floor: 'number' }, { description: 'As a whole.', optional: true }),
  rules: nestedMap(
    {
      level: string({ description: 'How strict.', required: true }),
      enabled: bool({ description: 'Whether it counts.', optional: true, computed: true, default: true }),
    },
    { description: 'Rules by name.', optional: true },
  ),
  policy: nested(
    { mode: string({ description: 'Mode.', optional: true, computed: true, default: 'careful' }) },
    { description: 'Policy.', optional: true, computed: true, default: {} },
  ),
  steps: nestedList(
    { run: string({ description: 'What.', required: true }) },
    { description: 'Steps.', optional: true },
  ),
  members: nestedSet(
    { who: string({ description: 'Who.', required: true }) },
    { description: 'Members.', optional: true },
  ),
  id: string({ description: 'Made by the remote system.', computed: true, stable: true }),
  revision: number({ description: 'Counts changes.', computed: true }),
};
type Item = StateOf<typeof item>;

class Folder {
  constructor(readonly path: string) {}
  file(name: string): string {
    return join(this.path, `${name}.json`);
  }
  read(name: string): Item | null {
    return existsSync(this.file(name)) ? (JSON.parse(readFileSync(this.file(name), 'utf8')) as Item) : null;
  }
  write(state: Item): void {
    writeFileSync(this.file(state.name), JSON.stringify(state));
  }
}

function settle(planned: PlannedOf<typeof item>, config: PlannedOf<typeof item>, computed: Partial<Item>): Item {
  const length = typeof config.password === 'string' ? config.password.length : null;
  return { ...planned, password_length: length, ...computed } as Item;
}

const itemResource = defineResource<typeof item, Folder>({
  schema: { attributes: item, description: 'An item.', version: 1 },
  validate(config, { report }) {
    if (typeof config.size === 'number' && (config.size < 1 || config.size > 100)) {
      report.error('size is out of range', `got ${config.size}, wanted 1 to 100`, ['size']);
    }
    if (config.rules === null || config.rules instanceof Unknown) return;
    for (const [name, rule] of Object.entries(config.rules)) {
      if (!(rule instanceof Unknown) && rule.level === 'wild') {
        report.error('unknown level', `rule ${name} has level wild, wanted low or high`, ['rules', name, 'level']);
      }
      if (!(rule instanceof Unknown) && rule.level === 'odd') report.warning('odd level', 'odd works', ['rules', name]);
    }
  },
  async plan({ planned, prior, private: kept }) {
    if (planned.behaviour === 'refuse-plan') throw new ProviderError('refused at plan', 'as asked', ['behaviour']);
    return { private: { plannedFrom: prior?.revision ?? null, kept } };
  },
  async planDelete(prior) {
    if (prior.label === 'protected')
      throw new ProviderError('the item is protected', 'change its label first', ['label']);
  },
  async read(state, { client, private: kept }) {
    const found = client.read(state.name);
    return found === null ? null : { state: { ...found, password: null }, private: kept };
  },
  async create(planned, { client, config, signal, report }) {
    if (planned.behaviour === 'slow') {
      writeFileSync(join(client.path, '..', 'creating'), String(process.pid));
      signal.addEventListener('abort', () => console.warn('asked to stop'));
      await sleep(20_000, undefined, { signal }).catch(() => report.error('stopped early', 'the item was kept'));
    }
    const state = settle(planned, config, { id: `id-${planned.name as string}`, revision: 1 });
    if (planned.behaviour === 'fail-create') throw new ProviderError('the remote system said no');
    if (planned.behaviour === 'crash') throw new TypeError('something is not a function');
    client.write(state);
    if (planned.behaviour === 'fail-after-create') report.error('half done', 'the item exists', ['behaviour']);
    return { state };
  },
  async update(planned, prior, { client, config, private: kept }) {
    if (planned.behaviour === 'fail-update') throw new ProviderError('the remote system said no');
    if ((kept as { plannedFrom?: unknown }).plannedFrom !== prior.revision) throw new Error('private data was lost');
    const state = settle(planned, config, { revision: Number(prior.revision) + 1 });
    client.write(state);
    return { state };
  },
  async delete(prior, { client }) {
    rmSync(client.file(prior.name));
  },
  async import(id, { client }) {
    if (client.read(id) === null) throw new ProviderError(`there is no item ${JSON.stringify(id)}`);
    return { state: { name: id } };
  },
  upgrade(stored) {
    const { title, ...rest } = stored as { title?: string };
    return { ...rest, label: title };
  },
});

const names = {
  prefix: string({ description: 'Start of the names.', optional: true }),
  names: list('string', { description: 'Names of the items.', computed: true }),
};

const namesSource = defineDataSource<typeof names, Folder>({
  schema: { attributes: names, description: 'Names of all items.' },
  async read({ prefix }, { client }) {
    const all = readdirSync(client.path).map(file => file.replace(/\.json$/, ''));
    return { prefix, names: all.filter(name => name.startsWith(prefix ?? '')).sort() };
  },
});

const configuration = { folder: string({ description: 'Where the items are.', required: true }) };

void serve(
  defineProvider<typeof configuration, Folder>({
    name: 'demo',
    version: '1.0.0',
    schema: {
      attributes: configuration,
      description: 'test double of a provider',
    },
    configure: ({ folder: path }) => new Folder(path instanceof Unknown ? '' : path),
    resources: { demo_item: itemResource },
    dataSources: { demo_names: namesSource },
    functions: {
      repeat: defineFunction({
        summary: 'Repeats text',
        description: 'Repeats text.',
        parameters: [
          { name: 'text', type: 'string', description: 'What.' },
          { name: 'times', type: 'number', description: 'How often.' },
        ],
        returns: 'string',
        call: (text, times) => {
          if (Number(times) > 10) throw new FunctionError('at most 10 times', 1);
          return text.repeat(Number(times));
        },
      }),
    },
  }),
);
