/** Construct tree to mapping state: the only translator. Values that Terraform resolves later are let through unchecked. */
import { Token } from 'cdktf';
import {
  formatPath,
  MAPPING_STATE_VERSION,
  MappingStateError,
  type MappingStateInput,
  parseMappingState,
} from '../bridge/contract/mapping-state';
import { type EntryKind } from './entry';
import { type ScimApp } from './scim-app';

const KINDS: readonly EntryKind[] = ['tokens', 'groupMappings', 'roleMappings', 'organizationMappings', 'customRoles'];

/** The document that the app's constructs declare, entries in order of their names, nothing that was not said. */
export function synthesizeMappingState(app: ScimApp): MappingStateInput {
  const { identityProvider, mode, policies, guard, pushedGroups, claims, attributes } = app._config;
  const entries = (kind: EntryKind) => {
    const own = app._registrations.filter(entry => entry.kind === kind);
    return Object.fromEntries(
      own.map(entry => [entry.name, entry.content] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  };
  return withoutUndefined({
    version: MAPPING_STATE_VERSION,
    app: app.name,
    identityProvider: identityProvider.name,
    mode,
    ...Object.fromEntries(KINDS.map(kind => [kind, entries(kind)])),
    pushedGroups,
    policies,
    guard,
    claims,
    attributes,
  }) as MappingStateInput;
}

/** Every mistake in what the app declares, each with the path of the construct that made it. */
export function findProblems(app: ScimApp): string[] {
  const problems: string[] = [];
  if (!app._registrations.some(entry => entry.kind === 'tokens')) {
    problems.push(
      `${app.node.path}: has no token, so no identity provider can call it: add a ScimToken (\`coder-scim token create\` prints the digest)`,
    );
  }
  const document = synthesizeMappingState(app);
  try {
    parseMappingState(document);
  } catch (error) {
    if (!(error instanceof MappingStateError)) throw error;
    for (const issue of error.issues) {
      if (Token.isUnresolved(valueAt(document, issue.path))) continue;
      const [kind, name, ...rest] = issue.path;
      const owner = app._registrations.find(entry => entry.kind === kind && entry.name === name);
      problems.push(
        owner === undefined
          ? `${app.node.path}: ${formatPath(issue.path)}: ${issue.message}`
          : `${owner.construct.node.path}: ${rest.length === 0 ? '' : `${formatPath(rest)}: `}${issue.message}`,
      );
    }
  }
  return problems;
}

function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[key] : undefined,
    document,
  );
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
