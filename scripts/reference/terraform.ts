/** The generated parts of docs/terraform.md: what the provider's schema says, as tables. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Attribute, type Attributes } from '../../provider/plugin';
import { coderScimProvider } from '../../provider/provider';
import { code, literal, table } from './markdown';

export const TERRAFORM_FILE = join(__dirname, '..', '..', 'docs', 'terraform.md');
const EXAMPLE = join(__dirname, '..', '..', 'examples', 'hcl', 'main.tf');

/** The document with its generated parts written anew. @throws Error for a part that nobody writes */
export function renderTerraform(document: string): string {
  const parts: Readonly<Record<string, () => string>> = {
    example: () => code(readFileSync(EXAMPLE, 'utf8'), 'terraform'),
    provider: () => attributeTable(coderScimProvider.schema.attributes),
    app: () => attributeTable(schemaOf(coderScimProvider.resources, 'coderscim_app')),
    status: () => attributeTable(schemaOf(coderScimProvider.dataSources, 'coderscim_status')),
    functions: functionTable,
  };
  return document.replace(
    /(<!-- generated: (\w+) -->\n)[^]*?(<!-- end -->)/g,
    (_all, begin: string, name: string, end: string) => {
      const render = parts[name];
      if (render === undefined) throw new Error(`docs/terraform.md wants ${name} generated, which nobody writes`);
      return `${begin}${render()}\n${end}`;
    },
  );
}

type Described = { readonly schema: { readonly attributes: Attributes } };

function schemaOf(all: Readonly<Record<string, Described>> | undefined, name: string): Attributes {
  const found = all?.[name];
  if (found === undefined) throw new Error(`the provider has no ${name}`);
  return found.schema.attributes;
}

function attributeTable(attributes: Attributes): string {
  return table(['attribute', 'type', 'presence', 'meaning'], rows(attributes, ''));
}

function rows(attributes: Attributes, above: string): string[][] {
  // What must be set comes first, what can't be set last.
  const order = ({ options }: Attribute) => (options.required ? 0 : options.optional ? 1 : 2);
  return Object.entries(attributes)
    .sort(([a, one], [b, other]) => order(one) - order(other) || (a < b ? -1 : 1))
    .flatMap(([name, attribute]) => {
      const here = `${above}${name}`;
      const inside = { single: '.', map: '["…"].', list: '[0].', set: '[…].' };
      const { nested } = attribute;
      return [
        [literal(here), typeName(attribute), presence(attribute), attribute.options.description],
        ...(nested === undefined ? [] : rows(nested.attributes, `${here}${inside[nested.nesting]}`)),
      ];
    });
}

function typeName({ type, nested }: Attribute): string {
  if (nested !== undefined) return nested.nesting === 'single' ? 'object' : `${nested.nesting} of objects`;
  return typeof type === 'string' ? type : `${type[0]} of ${typeof type[1] === 'string' ? type[1] : 'objects'}`;
}

function presence({ options }: Attribute): string {
  const base = options.required ? 'required' : options.optional ? 'optional' : 'read only';
  return [base, ...(options.sensitive ? ['sensitive'] : []), ...(options.replace ? ['a change replaces'] : [])].join(
    ', ',
  );
}

function functionTable(): string {
  const rows = Object.entries(coderScimProvider.functions ?? {}).map(([name, { description, parameters, returns }]) => [
    literal(
      `provider::${coderScimProvider.name}::${name}(${parameters.map(({ name: parameter }) => parameter).join(', ')})`,
    ),
    typeof returns === 'string' ? returns : returns[0],
    description,
  ]);
  return table(['function', 'returns', 'what'], rows);
}
