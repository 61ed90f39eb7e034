/** Why something differs at the end, as far as can be told: what was said of it, and what the audit trail has. */
import { type AdminClient } from '../../bridge/admin-client/admin-client';
import { type AuditEntry } from '../../bridge/contract/admin-api';
import { externalIdOf } from './identity-provider/messages';

const TOLD = 3;
const GROUP_ACTIONS = ['group.create', 'group.rename', 'group.update', 'group.delete'];

/** @param said what was said between identity provider and bridges, and when kills came */
export async function accountsOf(
  differences: readonly string[],
  said: readonly string[],
  admin: AdminClient,
  groupIds: (name: string) => readonly string[],
): Promise<string[]> {
  if (differences.length === 0) return [];
  const lines: string[] = [];
  const interruption = (line: string): boolean => / kill$| restart of /.test(line);
  const keys = new Set(differences.flatMap(line => /^([a-z]\d+)\b/.exec(line)?.[1] ?? []));
  const { identities } = await admin.identities();
  for (const key of [...keys].slice(0, TOLD)) {
    const ids = identities.filter(one => one.externalId === externalIdOf(key)).map(one => one.scimId);
    const spoken = said.filter(line => new RegExp(`\\b${key}[@.]`).test(line) || ids.some(id => line.includes(id)));
    // Also of those who were deleted since.
    for (const id of new Set(spoken.flatMap(line => /\/Users\/([0-9a-f-]{36})/.exec(line)?.[1] ?? []))) ids.push(id);
    const entries: AuditEntry[] = [];
    for (const subject of new Set(ids)) entries.push(...(await admin.audit({ subject, limit: 100 })).entries);
    lines.push(
      `${key} ${[...new Set(ids)].join(' ')}`,
      ...said.filter(line => interruption(line) || spoken.includes(line)).slice(-200),
      ...entries.sort((a, b) => a.id - b.id).map(sayEntry),
    );
  }
  const groups = new Set(differences.flatMap(line => /^group [^/]+\/(\S+) is/.exec(line)?.[1] ?? []));
  if (groups.size > 0) lines.push(...(await admin.status()).leftOver.map(line => `status: ${line}`));
  // Of what became of whole groups there is little: all of it, however long ago.
  const found = await Promise.all(GROUP_ACTIONS.map(action => admin.audit({ action, limit: 1_000 })));
  const entries = found.flatMap(answer => answer.entries).sort((a, b) => b.id - a.id);
  for (const name of [...groups].slice(0, TOLD)) {
    const created = new RegExp(`"displayName":"${name}"`);
    const paths = new Set(
      said.filter(line => created.test(line)).flatMap(line => /\/Groups\/[0-9a-f-]+/.exec(line)?.[0] ?? []),
    );
    lines.push(
      `group ${name}`,
      ...said
        .filter(
          line =>
            interruption(line) || created.test(line) || [...paths, ...groupIds(name)].some(part => line.includes(part)),
        )
        .slice(-200),
      ...entries
        .filter(entry => entry.target?.endsWith(`/${name}`) === true)
        .reverse()
        .map(sayEntry),
    );
  }
  return lines;
}

function sayEntry(entry: AuditEntry): string {
  const { at, actor, action, target, before, after, result, detail } = entry;
  return [at.slice(11, 23), actor, action, target, before, after, result, detail].join(' | ');
}
