/**
 * Reads a document as it was stored, maybe by an earlier version that took what this one refuses. A bridge neither fails nor forgets
 * an app because of that: what had no effect in Coder anyway is read as what it came to, and said until the stack is deployed
 * again. Whoever makes a rule stricter adds here what becomes of documents that are stored already.
 */
import { identityKey } from '../../contract/identity';
import { type MappingState, MappingStateError, parseMappingState } from '../../contract/mapping-state';

export interface StoredDocument {
  readonly state: MappingState;
  /** In words, with what to do about it: what is read otherwise than it was written. */
  readonly readAs: readonly string[];
}

/** A stored document that this version can't read at all. */
export class UnreadableDocument extends Error {
  override readonly name = 'UnreadableDocument';
}

/** What was read last of each app, by name: looks at all apps come far more often than a document changes. */
const known = new Map<string, { readonly text: string; readonly document: StoredDocument }>();
const MOST_KNOWN = 200;

/** @throws UnreadableDocument */
export function readStoredDocument(app: string, stored: unknown): StoredDocument {
  const text = JSON.stringify(stored);
  const last = known.get(app);
  if (last?.text === text) return last.document;
  const document = read(app, stored);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(app, { text, document });
  return document;
}

function read(app: string, stored: unknown): StoredDocument {
  try {
    return { state: parseMappingState(stored), readAs: [] };
  } catch (error) {
    if (!(error instanceof MappingStateError)) throw error;
  }
  const readAs: string[] = [];
  const mended = withRolesMended(stored, readAs);
  try {
    return { state: parseMappingState(mended), readAs };
  } catch (error) {
    if (!(error instanceof MappingStateError)) throw error;
    throw new UnreadableDocument(
      `the document of app ${JSON.stringify(app)} in the database can not be read by this version: ${error.message}; start the version that wrote it, deploy a document that this version takes, and upgrade then`,
      { cause: error },
    );
  }
}

interface StoredRole {
  readonly name?: unknown;
  readonly permissions?: unknown;
}

const DEPLOY = 'correct it in the stack and deploy';

/** Names are in small letters in Coder whatever was declared, and no negated permission ever got there. */
function withRolesMended(stored: unknown, readAs: string[]): unknown {
  if (typeof stored !== 'object' || stored === null) return stored;
  const { customRoles } = stored as { customRoles?: unknown };
  if (typeof customRoles !== 'object' || customRoles === null) return stored;
  const roles = Object.entries(customRoles as Record<string, StoredRole>).flatMap(([key, role]) => {
    const mended = mendRole(key, role, readAs);
    return mended === undefined ? [] : [[key, mended] as const];
  });
  return { ...stored, customRoles: Object.fromEntries(roles) };
}

function mendRole(key: string, role: StoredRole, readAs: string[]): StoredRole | undefined {
  const { name } = role;
  let mended = role;
  if (typeof name === 'string' && identityKey(name) !== name) {
    mended = { ...mended, name: identityKey(name) };
    readAs.push(
      `customRoles/${key}: the name ${JSON.stringify(name)} is read as ${JSON.stringify(identityKey(name))}, since Coder stores names of custom roles in small letters: ${DEPLOY}`,
    );
  }
  const permissions = Array.isArray(role.permissions) ? (role.permissions as { readonly negate?: unknown }[]) : [];
  const positive = permissions.filter(({ negate }) => negate !== true);
  if (positive.length === permissions.length) return mended;
  readAs.push(
    `customRoles/${key}: permissions with "negate" are left out${positive.length === 0 ? ', and with them the whole role' : ''}, since Coder knows no negative permissions in custom roles: ${DEPLOY}`,
  );
  return positive.length === 0 ? undefined : { ...mended, permissions: positive };
}
