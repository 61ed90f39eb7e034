/** Construct tree to mapping state: the only translator. Values that Terraform resolves later are let through unchecked. */
import { Token } from 'cdktf';
import {
  ENTRY_KINDS,
  type EntryKind,
  formatPath,
  MAPPING_STATE_VERSION,
  MappingStateError,
  type MappingStateInput,
  parseMappingState,
} from '../bridge/contract/mapping-state';

/** One entry of a declaration, and the construct that declares it. */
export interface DeclaredEntry {
  readonly kind: EntryKind;
  /** Unique in its kind. */
  readonly name: string;
  readonly content: object;
  /** Path of the construct, for messages. */
  readonly path: string;
}

/** What one app declares. */
export interface Declaration {
  readonly app: string;
  /** Path of the app's construct, for messages. */
  readonly path: string;
  /** What is said of the app as a whole; what is left out has the contract's default. */
  readonly settings: Omit<Partial<MappingStateInput>, 'version' | 'app' | EntryKind>;
  /** In order of their names; nothing is undefined in what they state. */
  readonly entries: readonly DeclaredEntry[];
}

/** The document that the app's constructs declare, entries in order of their names, nothing that was not said. */
export function synthesizeMappingState({ app, settings, entries }: Declaration): MappingStateInput {
  const { identityProvider, mode, policies, guard, people, pushedGroups, claims, attributes } = settings;
  const ofKind = new Map<EntryKind, [name: string, content: object][]>(ENTRY_KINDS.map(kind => [kind, []]));
  for (const { kind, name, content } of entries) ofKind.get(kind)?.push([name, content]);
  return {
    ...stated({ version: MAPPING_STATE_VERSION, app, identityProvider, mode }),
    ...Object.fromEntries([...ofKind].map(([kind, ofNames]) => [kind, Object.fromEntries(ofNames)])),
    ...stated({ pushedGroups, policies, guard, people, claims, attributes }),
  };
}

/** Every mistake in what the app declares, each with the path of the construct that made it. */
export function findProblems(declaration: Declaration): string[] {
  const { path, entries } = declaration;
  const problems: string[] = [];
  if (!entries.some(({ kind }) => kind === 'tokens' || kind === 'oauthClients')) {
    problems.push(
      `${path}: has no token, so no identity provider can call it: add a ScimToken (\`coder-scim token create\` prints the digest), or a ScimOAuthClient`,
    );
  }
  const document = synthesizeMappingState(declaration);
  try {
    parseMappingState(document);
  } catch (error) {
    if (!(error instanceof MappingStateError)) throw error;
    for (const issue of error.issues) {
      if (valuesAlong(document, issue.path).some(value => Token.isUnresolved(value))) continue;
      const [kind, name, ...rest] = issue.path;
      const owner = entries.find(entry => entry.kind === kind && entry.name === name);
      problems.push(
        owner === undefined
          ? `${path}: ${formatPath(issue.path)}: ${issue.message}`
          : `${owner.path}: ${rest.length === 0 ? '' : `${formatPath(rest)}: `}${issue.message}`,
      );
    }
  }
  return problems;
}

/** What a path leads through, and to: a list that is known later stands for itself, and its one entry says nothing. */
function valuesAlong(document: unknown, path: readonly (string | number)[]): unknown[] {
  let value = document;
  return path.map(key => {
    value = typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined;
    return value;
  });
}

/** A copy without what is undefined in it. */
export function stated<T extends object>(value: T): T {
  return withoutUndefined(value) as T;
}

function withoutUndefined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUndefined);
  if (typeof value !== 'object' || value === null) return value;
  if (Token.isUnresolved(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([key, part]) => [key, withoutUndefined(part)]),
  );
}
