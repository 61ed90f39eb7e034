/** What is wrong with a document, by the path of the field. */
import { ENTRY_KINDS } from './vocabulary';

/** One thing wrong with a document. */
export interface MappingStateIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A document that was refused as a whole, with every reason. */
export class MappingStateError extends Error {
  override readonly name = 'MappingStateError';
  constructor(
    readonly code: 'invalid' | 'version',
    readonly issues: readonly MappingStateIssue[],
  ) {
    super(issues.map(issue => `${formatPath(issue.path)}: ${issue.message}`).join('\n'));
  }
}

/** `["roleMappings","admins","role"]` as `roleMappings["admins"].role`. */
export function formatPath(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'document';
  return path.reduce<string>((text, part, index) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    const named = index === 1 && ENTRY_KINDS.some(kind => kind === path[0]);
    if (named || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
