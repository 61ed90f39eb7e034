/** Mode `claims` before anybody depends on it: whether people sign in by OIDC, whether the claims arrive, and what of the mappings is in them. */
import { type DoctorCheck } from '../../contract/admin-api';
import { type MappingState } from '../../contract/mapping-state';
import { isSameIdentity } from '../../contract/identity';
import { CoderError } from '../../coder';
import { type Context } from '../decide/context';
import { claimOf } from '../decide/declaration/claims';
import { readClaimsInput } from '../declaration/sync-settings';
import { type Rim } from '../context/rim';

const NAME = 'claims';
const NAMED = 10;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const check = (state: DoctorCheck['state'], detail: string, next: string | null = null): DoctorCheck => ({
  name: NAME,
  state,
  detail,
  next,
});

/** A mapping of an app in mode `claims`, and what has to be in a claim for it. */
interface Wanted {
  readonly app: string;
  /** `groupMappings/<name>` and the like. */
  readonly mapping: string;
  /** Where the claim's name is declared: `groups`, `roles` or `organizations`. */
  readonly setting: string;
  readonly field: string;
  readonly value: string;
  readonly byName: boolean;
}

/** Nothing to say while no app is declared. */
export async function claimsChecks({ database, coder }: Rim, context: Context): Promise<DoctorCheck[]> {
  const apps = [...context.apps.values()].filter(app => !app.deleting);
  if (apps.length === 0) return [];
  const input = await readClaimsInput(database.db, context);
  const wanted = input.states.flatMap(state =>
    wantedOf(state, (name, mapping) => claimOf(input, state, name, mapping)),
  );
  const fields = [...new Set(wanted.map(({ field }) => field))];
  let seen: readonly string[];
  try {
    seen = await coder.listSeenClaims();
  } catch (error) {
    if (!(error instanceof CoderError) || error.status === undefined) throw error;
    return [check('skipped', `which claims arrive can not be seen: ${error.message}`)];
  }
  const all = [...seen].sort();
  if (all.length === 0) {
    const nobody = 'nobody has signed in to Coder by OIDC yet';
    if (fields.length === 0) return [check('skipped', `${nobody}: no claim was seen`)];
    return [
      check(
        'warning',
        `${nobody}: whether ${list(fields)} arrives can not be seen`,
        'sign in once as somebody who is in a mapped group, then run this again',
      ),
    ];
  }
  const checks: DoctorCheck[] = [check('ok', `seen at sign-ins: ${all.join(', ')}`)];
  for (const field of fields) {
    const own = wanted.filter(other => other.field === field);
    checks.push(
      ...(all.includes(field)
        ? valueChecks(field, own, await coder.listSeenValues(field))
        : [neverSeen(field, own, all)]),
    );
  }
  return checks;
}

function wantedOf(
  state: MappingState,
  valueOf: (name: string, mapping: MappingState['organizationMappings'][string]) => string,
): Wanted[] {
  const { app, claims } = state;
  const of = (
    kind: 'groupMappings' | 'roleMappings' | 'organizationMappings',
    setting: keyof MappingState['claims'],
  ): Wanted[] =>
    Object.entries(state[kind] as MappingState['organizationMappings']).flatMap(([key, mapping]) => {
      const field = claims[setting];
      // A site role is no matter of claims; an organization only where its claim is declared.
      if (field === undefined || (mapping.organization as string | undefined) === undefined) return [];
      const name = `${kind}/${key}`;
      const byName = mapping.idpGroupExternalId === undefined;
      return [{ app, mapping: name, setting, field, value: valueOf(name, mapping), byName }];
    });
  const all = [
    ...of('groupMappings', 'groups'),
    ...of('roleMappings', 'roles'),
    // Whoever is in a group or has a role of an organization is a member of it.
    ...of('groupMappings', 'organizations'),
    ...of('roleMappings', 'organizations'),
    ...of('organizationMappings', 'organizations'),
  ];
  return [...new Map(all.map(one => [`${one.field}\n${one.mapping}`, one])).values()];
}

function neverSeen(field: string, own: readonly Wanted[], seen: readonly string[]): DoctorCheck {
  const settings = [...new Set(own.map(({ setting }) => `claims.${setting}`))].join(' and ');
  return check(
    'failed',
    `claim ${JSON.stringify(field)} was never seen, and ${count(own.length, 'mapping reads', 'mappings read')} it: at a sign-in without it Coder takes what it gives; sign-ins had ${seen.join(', ')}`,
    `have the identity provider put it into the ID token or userinfo (a scope, a mapper), or name the claim that has the groups in ${settings}`,
  );
}

function valueChecks(field: string, own: readonly Wanted[], values: readonly string[]): DoctorCheck[] {
  const seen = new Set(values);
  const missing = own.filter(({ value }) => !seen.has(value));
  const named = new Set(own.map(({ value }) => value));
  const unnamed = values.filter(value => !named.has(value));
  const found = values.length - unnamed.length;
  const claim = `claim ${JSON.stringify(field)}`;
  const arrives = check(
    'ok',
    `${claim} arrives: ${count(values.length, 'value')} seen, ${found} named by mappings${unnamed.length === 0 ? '' : `; named by none: ${list(unnamed)}`}`,
  );
  if (missing.length === 0) return [arrives];
  const ids =
    found === 0 && values.length > 0 && values.every(value => UUID.test(value)) && missing.some(({ byName }) => byName);
  return [
    arrives,
    check(
      'warning',
      `${claim} never had ${list(missing.map(({ value }) => value))} of ${missing
        .map(({ app, mapping }) => `${mapping} of app ${app}`)
        .slice(0, NAMED)
        .join(
          ', ',
        )}${rest(missing.length)}: nobody of that group has signed in, or it is spelt otherwise${likes(missing, values)}`,
      ids
        ? 'the claim has ids and the mappings have names: map by idpGroupExternalId, or have the identity provider send names'
        : 'sign in as somebody of that group, or correct the spelling: Coder compares exactly',
    ),
  ];
}

/** Values that differ from what a mapping wants in case alone. */
function likes(missing: readonly Wanted[], values: readonly string[]): string {
  const pairs = missing.flatMap(({ value }) =>
    values
      .filter(other => other.trim() !== '' && isSameIdentity(other.trim(), value.trim()))
      .map(other => `${JSON.stringify(other)} for ${JSON.stringify(value)}`),
  );
  return pairs.length === 0 ? '' : `; it had ${pairs.slice(0, NAMED).join(', ')}`;
}

function list(values: readonly string[]): string {
  return `${values
    .slice(0, NAMED)
    .map(value => JSON.stringify(value))
    .join(', ')}${rest(values.length)}`;
}

const rest = (length: number): string => (length > NAMED ? ` and ${length - NAMED} more` : '');

const count = (number: number, one: string, many = `${one}s`): string => `${number} ${number === 1 ? one : many}`;
