/**
 * What the doubles of other people's providers have in common. They are doubles, NOT the real ones: programs made with this
 * project's own plugin library, whose resources have the arguments that the real provider documents, so that Terraform itself
 * refuses what is not documented. What they make stands in a file (PROVIDER_DOUBLE_LOG), a line each, so that tests see the order.
 */
import { appendFileSync } from 'node:fs';
import {
  type Attributes,
  bool,
  type DataSource,
  defineDataSource,
  defineProvider,
  defineResource,
  number,
  type ObjectValue,
  type Resource,
  serve,
  string,
  type Value,
} from '../../../provider/plugin';

/** Required, and another one is another resource. */
export const fixed = () => string({ description: 'required', required: true, replace: true });
export const required = () => string({ description: 'required', required: true });
export const optional = () => string({ description: 'optional', optional: true });
export const secret = () => string({ description: 'secret', optional: true, sensitive: true });
export const requiredSecret = () => string({ description: 'secret', required: true, sensitive: true });
export const flag = () => bool({ description: 'optional', optional: true });
export const amount = () => number({ description: 'optional', optional: true });
export const computed = () => string({ description: 'computed', computed: true, stable: true });
/** Computed, unless configuration says it. */
export const given = () => string({ description: 'optional, computed', optional: true, computed: true, stable: true });

function note(line: string): void {
  const file = process.env['PROVIDER_DOUBLE_LOG'];
  if (file !== undefined) appendFileSync(file, `${line}\n`);
}

/** A value as text. */
export const text = (value: Value | undefined, otherwise = ''): string =>
  typeof value === 'string' ? value : otherwise;

/** Groups that a test says are there, with their ids: a list of names, or an object. Empty: an id of its own for each name. */
export function idsByName(variable: string): Readonly<Record<string, string | undefined>> {
  const said = JSON.parse(process.env[variable] ?? '[]') as string[] | Readonly<Record<string, string>>;
  return Array.isArray(said) ? Object.fromEntries(said.map(name => [name, undefined])) : said;
}

type Made = (planned: ObjectValue) => ObjectValue;

/** A resource that has what it was given, and what `made` adds. */
export function resource(name: string, attributes: Attributes, made: Made = () => ({})): Resource {
  return defineResource<Attributes, unknown>({
    schema: { attributes: { id: computed(), ...attributes }, description: `Test double of ${name}.` },
    read: state => Promise.resolve({ state }),
    create: planned => {
      const values = planned as ObjectValue;
      note(`create ${name} ${JSON.stringify(values)}`);
      const id = typeof values['id'] === 'string' ? values['id'] : `${name}-id`;
      return Promise.resolve({ state: { ...values, id, ...made(values) } as never });
    },
    update: planned => {
      note(`update ${name} ${JSON.stringify(planned)}`);
      return Promise.resolve({ state: { ...(planned as ObjectValue), ...made(planned as ObjectValue) } as never });
    },
    delete: state => {
      note(`delete ${name} ${JSON.stringify(state)}`);
      return Promise.resolve();
    },
  });
}

export function data(name: string, attributes: Attributes, read: (config: ObjectValue) => ObjectValue): DataSource {
  return defineDataSource<Attributes, unknown>({
    schema: { attributes, description: `Test double of ${name}.` },
    read: config => Promise.resolve({ ...(config as ObjectValue), ...read(config as ObjectValue) } as never),
  });
}

/** Serves a double. @param name of the real provider, whose version is the one that was read */
export function serveDouble(
  name: string,
  version: string,
  parts: { resources: Record<string, Resource>; dataSources?: Record<string, DataSource> },
): void {
  void serve(
    defineProvider({
      name: `${name} (test double)`,
      version,
      schema: { attributes: {}, description: `test double of ${name}, not the real one` },
      configure: () => null,
      ...parts,
    }),
  );
}
