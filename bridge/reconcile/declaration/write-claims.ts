/** Writes the settings of mode `claims` to Coder, whole objects each, and remembers which entries are the bridge's own. */
import { CoderError, isRefusal } from '../../coder';
import { readBindings } from '../../store/apps/bindings';
import { listManagedGroups } from '../../store/accounts/coder-groups';
import { readGroups } from '../../store/directory/reading';
import { deleteSetting, readSetting, writeSetting } from '../../store/database/settings';
import { organizationName } from '../context/context';
import { type Context } from '../context/context';
import { type Rim } from '../context/rim';
import { type Trail } from '../context/audit-lines';
import { claimsSettings, type ClaimsSettings, mergeSync, type SyncMapping, type Written } from '../decide/claims';

const keyFor = (kind: string, organization: string): string => `claims:${kind}:${organization}`;

/** Settings that the bridge has written into, by their key: they are looked at also when no mapping asks for them now. */
async function readWritten(rim: Rim, key: string): Promise<Written | undefined> {
  const text = await readSetting(rim.database.db, key);
  return text === undefined ? undefined : (JSON.parse(text) as Written);
}

async function remember(rim: Rim, key: string, wanted: SyncMapping | undefined): Promise<void> {
  if (wanted === undefined) await deleteSetting(rim.database.db, key);
  else
    await writeSetting(
      rim.database.db,
      key,
      JSON.stringify({ field: wanted.field, claims: Object.keys(wanted.mapping) } satisfies Written),
    );
}

/** What all apps in mode `claims` ask for. */
export async function wantedClaims(rim: Rim, context: Context): Promise<ClaimsSettings> {
  const { db } = rim.database;
  const apps = [...context.apps.values()].filter(app => !app.deleting && app.state.mode === 'claims');
  const names = new Map<string, string>();
  for (const app of apps) for (const group of await readGroups(db, app.name)) names.set(group.id, group.displayName);
  return claimsSettings({
    states: apps.map(app => app.state),
    organizations: context.catalog.organizations,
    groups: await listManagedGroups(db),
    bindings: await readBindings(db),
    groupNames: names,
  });
}

/**
 * Brings Coder's sync settings to what mode `claims` asks for.
 * @param look only tells in the trail what differs
 * @returns problems in words
 */
export async function writeClaims(rim: Rim, context: Context, trail: Trail, look = false): Promise<string[]> {
  const wanted = await wantedClaims(rim, context);
  const problems = [...wanted.problems];
  for (const organization of context.catalog.organizations) {
    const { id } = organization;
    await writeOne({ rim, context, trail, problems, look }, 'groups', id, wanted.groups.get(id), async () => {
      const present = await rim.coder.getGroupSync(id);
      for (const claim of filteredOut(present.regexFilter, Object.keys(wanted.groups.get(id)?.mapping ?? {})))
        problems.push(
          `group sync of organization ${JSON.stringify(organization.name)}: its filter ${JSON.stringify(present.regexFilter)} leaves out the claim ${JSON.stringify(claim)}, so that its mapping has no effect: widen the filter`,
        );
      return {
        present,
        write: next =>
          rim.coder.setGroupSync(id, {
            ...next,
            regexFilter: present.regexFilter,
            autoCreateMissingGroups: present.autoCreateMissingGroups,
          }),
      };
    });
    await writeOne({ rim, context, trail, problems, look }, 'roles', id, wanted.roles.get(id), async () => ({
      present: await rim.coder.getRoleSync(id),
      write: next => rim.coder.setRoleSync(id, next),
    }));
  }
  await writeOne({ rim, context, trail, problems, look }, 'organizations', '', wanted.organizations, async () => {
    const present = await rim.coder.getOrganizationSync();
    return {
      present,
      write: next => rim.coder.setOrganizationSync({ ...next, assignDefault: present.assignDefault }),
    };
  });
  return problems;
}

/** Claims that Coder's filter drops before it looks at the mapping. */
function filteredOut(filter: string | null, claims: readonly string[]): string[] {
  if (filter === null || filter === '') return [];
  try {
    const pattern = new RegExp(filter);
    return claims.filter(claim => !pattern.test(claim));
  } catch {
    // Coder's expressions are of another dialect: what this one can't read is not judged.
    return [];
  }
}

interface Settings {
  readonly present: SyncMapping;
  readonly write: (next: { field: string; mapping: Record<string, string[]> }) => Promise<unknown>;
}

interface Writing {
  readonly rim: Rim;
  readonly context: Context;
  readonly trail: Trail;
  readonly problems: string[];
  readonly look: boolean;
}

async function writeOne(
  { rim, context, trail, problems, look }: Writing,
  kind: 'groups' | 'roles' | 'organizations',
  organization: string,
  wanted: SyncMapping | undefined,
  open: () => Promise<Settings>,
): Promise<void> {
  const key = keyFor(kind, organization);
  const before = await readWritten(rim, key);
  if (wanted === undefined && before === undefined) return;
  const target = organization === '' ? kind : `${organizationName(context, organization)}/${kind}`;
  try {
    const { present, write } = await open();
    const next = mergeSync(present, wanted, before);
    if (look) {
      if (next !== undefined)
        trail.note({ app: null }, 'drift.found', 'reported', { target, before: say(present), after: say(next) });
      return;
    }
    if (next !== undefined) {
      await write({
        field: next.field,
        mapping: Object.fromEntries(Object.entries(next.mapping).map(([claim, values]) => [claim, [...values]])),
      });
      trail.note({ app: null }, 'sync-settings.set', 'done', { target, before: say(present), after: say(next) });
    }
    await remember(rim, key, wanted);
  } catch (error) {
    const stays =
      error instanceof CoderError &&
      ['forbidden', 'not_found_or_forbidden', 'licence', 'unsupported'].includes(error.kind);
    if (!stays && !isRefusal(error)) throw error;
    problems.push(`sync settings ${target}: ${error.message}`);
  }
}

function say({ field, mapping }: SyncMapping): string {
  const entries = Object.entries(mapping).map(([claim, values]) => `${claim}=${values.join('+')}`);
  return `field ${JSON.stringify(field)} ${entries.sort().join(' ')}`.trim();
}
