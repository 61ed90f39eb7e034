/**
 * A test double of hashicorp/null, NOT the real one: it serves `null_resource` as far as tests without network need it
 * (triggers, id, replacement when a trigger changes), through this project's own plugin library. Stacks are the same with
 * the real one; checksums in lock files are not.
 */
import { randomBytes } from 'node:crypto';
import { defineProvider, defineResource, map, serve, string } from '../../../provider/plugin';

const nullResource = {
  id: string({ description: 'Set to a random value at creation.', computed: true, stable: true }),
  triggers: map('string', { description: 'A change of any replaces the resource.', optional: true, replace: true }),
};

void serve(
  defineProvider({
    name: 'null (test double)',
    version: '3.2.4',
    schema: { attributes: {}, description: 'test double of hashicorp/null, serves null_resource alone' },
    configure: () => null,
    resources: {
      null_resource: defineResource<typeof nullResource, unknown>({
        schema: { attributes: nullResource, description: 'Test double of null_resource.' },
        read: state => Promise.resolve({ state }),
        create: (_planned, { config }) =>
          Promise.resolve({
            state: {
              id: randomBytes(8).readBigUInt64BE().toString(),
              triggers: (config.triggers ?? null) as Readonly<Record<string, string>> | null,
            },
          }),
        update: (_planned, prior) => Promise.resolve({ state: prior }),
        delete: () => Promise.resolve(),
      }),
    },
  }),
);
