import * as z from 'zod';
import { Shape } from './shape';

/** The JSON Schema (draft 2020-12) of the document as an author may write it; rules between fields are not in it. */
export function mappingStateJsonSchema(): Record<string, unknown> {
  return {
    $id: 'https://coder-scim.dev/schema/mapping-state-v1.json',
    title: 'coder-scim mapping state',
    ...z.toJSONSchema(Shape, { io: 'input', unrepresentable: 'any' }),
  };
}
