/** Writes a filter as text that parses to the same tree. */
import { type AttributePath, target } from '../schema/attribute';
import { type Filter } from './ast';

/** The filter in canonical spelling, with no more brackets than it needs. */
export function printFilter(filter: Filter): string {
  return print(filter, path => target(path).path);
}

function print(filter: Filter, name: (path: AttributePath) => string): string {
  switch (filter.kind) {
    case 'and':
      return filter.terms
        .map(term => (term.kind === 'or' ? `(${print(term, name)})` : print(term, name)))
        .join(' and ');
    case 'or':
      return filter.terms.map(term => print(term, name)).join(' or ');
    case 'not':
      return `not (${print(filter.term, name)})`;
    case 'presence':
      return `${name(filter.path)} pr`;
    case 'comparison':
      return `${name(filter.path)} ${filter.operator} ${JSON.stringify(filter.value)}`;
    case 'valuePath':
      return `${filter.attribute.path}[${print(filter.filter, ({ attribute }) => attribute.name)}]`;
    case 'constant':
      // Each resource has an id.
      return filter.value ? 'id pr' : 'not (id pr)';
  }
}
