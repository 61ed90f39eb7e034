/** The document: shape and rules as one, and how it is read. */
import { type MappingState } from './document';
import { plainMessage } from './plain-message';
import { MappingStateError } from './problems';
import { checkRules } from './rules';
import { Shape } from './shape';
import { ENTRY_KINDS, MAPPING_STATE_VERSION } from './vocabulary';

const Document = Shape.superRefine((state, context) => {
  checkRules(state, (path, message) => context.addIssue({ code: 'custom', path, message }));
});

/**
 * Reads a document: the version first, then the shape, then the rules between fields.
 * @throws MappingStateError with every issue; nothing is taken over from a document that has one.
 */
export function parseMappingState(document: unknown): MappingState {
  const version =
    typeof document === 'object' && document !== null ? (document as { version?: unknown }).version : undefined;
  if (typeof version === 'number' && Number.isInteger(version) && version !== MAPPING_STATE_VERSION) {
    const side =
      version > MAPPING_STATE_VERSION
        ? 'reader (bridge, provider or command line)'
        : 'writer (the coder-scim package of the stack)';
    throw new MappingStateError('version', [
      {
        path: ['version'],
        message: `document version ${version}, but this side knows version ${MAPPING_STATE_VERSION}: upgrade the ${side}`,
      },
    ]);
  }
  // zod leaves this key out of records without a word; an entry that is not taken over is an error like any other.
  const dropped = ENTRY_KINDS.filter(kind => hasPrototypeKey(document, kind));
  if (dropped.length > 0) {
    throw new MappingStateError(
      'invalid',
      dropped.map(kind => ({ path: [kind, '__proto__'], message: 'can not be the name of an entry' })),
    );
  }
  const result = Document.safeParse(document, { error: plainMessage });
  if (result.success) return result.data;
  throw new MappingStateError(
    'invalid',
    result.error.issues.map(issue => ({
      path: issue.path.map(part => (typeof part === 'symbol' ? String(part) : part)),
      message: issue.message,
    })),
  );
}

function hasPrototypeKey(document: unknown, kind: string): boolean {
  const part =
    typeof document === 'object' && document !== null ? (document as Record<string, unknown>)[kind] : undefined;
  return typeof part === 'object' && part !== null && Object.hasOwn(part, '__proto__');
}
