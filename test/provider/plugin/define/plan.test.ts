import { planChange } from '../../../../provider/plugin/define/plan';
import { bool, nested, nestedList, nestedMap, number, set, string } from '../../../../provider/plugin/define/schema';
import { UNKNOWN, type ObjectValue } from '../../../../provider/plugin/define/value';

const text = { description: '', optional: true } as const;
const attributes = {
  name: string({ description: '', required: true, replace: true }),
  label: string({ ...text, computed: true, default: 'none' }),
  note: string(text),
  tags: set('string', text),
  secret: string({ ...text, writeOnly: true }),
  rules: nestedMap(
    {
      level: string({ description: '', required: true }),
      enabled: bool({ ...text, computed: true, default: true }),
      seen: number({ description: '', computed: true }),
    },
    text,
  ),
  steps: nestedList(
    { run: string({ description: '', required: true }), done: bool({ description: '', computed: true, stable: true }) },
    text,
  ),
  policy: nested(
    { mode: string({ ...text, computed: true, default: 'careful' }) },
    { ...text, computed: true, default: {} },
  ),
  id: string({ description: '', computed: true, stable: true }),
  revision: number({ description: '', computed: true }),
};
const nothing = {
  name: 'a',
  label: null,
  note: null,
  tags: null,
  secret: null,
  rules: null,
  steps: null,
  policy: null,
  id: null,
  revision: null,
};
const prior: ObjectValue = { ...nothing, label: 'none', policy: { mode: 'careful' }, id: 'id-a', revision: 4 };
const plan = (config: ObjectValue, before: ObjectValue | null) =>
  planChange(attributes, { ...nothing, ...config }, before);

test('a new resource has its defaults, and what is computed is known after apply', () => {
  expect(plan({}, null)).toEqual({ planned: { ...prior, id: UNKNOWN, revision: UNKNOWN }, requiresReplace: [] });
});

test('nothing to change leaves computed attributes as they are', () => {
  expect(plan({}, prior).planned).toEqual(prior);
});

test('a set in another order is no change', () => {
  expect(plan({ tags: ['b', 'a'] }, { ...prior, tags: ['a', 'b'] }).planned).toEqual({ ...prior, tags: ['a', 'b'] });
});

test('a change makes computed attributes known after apply, apart from stable ones', () => {
  expect(plan({ note: 'new' }, prior).planned).toEqual({ ...prior, note: 'new', revision: UNKNOWN });
});

test('a value that drifted from its default goes back to it', () => {
  const { planned } = plan({}, { ...prior, label: 'edited', policy: { mode: 'reckless' } });
  expect([planned['label'], planned['policy']]).toEqual(['none', { mode: 'careful' }]);
});

test('configuration that is unknown stays unknown, also where there is a default', () => {
  const { planned } = plan({ label: UNKNOWN, rules: UNKNOWN, policy: { mode: UNKNOWN } }, prior);
  expect([planned['label'], planned['rules'], planned['policy']]).toEqual([UNKNOWN, UNKNOWN, { mode: UNKNOWN }]);
});

test('a write-only value is in no plan', () => {
  expect(plan({ secret: 'hush' }, null).planned['secret']).toBeNull();
});

test('only an attribute that says so replaces the resource', () => {
  expect(plan({ name: 'b', note: 'new' }, prior).requiresReplace).toEqual([['name']]);
  expect(plan({ note: 'new' }, prior).requiresReplace).toEqual([]);
});

test('entries of a map are matched by key, those of a list by place', () => {
  const before = {
    ...prior,
    rules: { one: { level: 'low', enabled: true, seen: 7 } },
    steps: [{ run: 'x', done: true }],
  };
  const { planned } = plan(
    {
      rules: { two: { level: 'high', enabled: false, seen: null }, one: { level: 'low', enabled: null, seen: null } },
      steps: [
        { run: 'y', done: null },
        { run: 'z', done: null },
      ],
    },
    before,
  );
  expect(planned['rules']).toEqual({
    one: { level: 'low', enabled: true, seen: UNKNOWN },
    two: { level: 'high', enabled: false, seen: UNKNOWN },
  });
  expect(planned['steps']).toEqual([
    { run: 'y', done: true },
    { run: 'z', done: UNKNOWN },
  ]);
});
