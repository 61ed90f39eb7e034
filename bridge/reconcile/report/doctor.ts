/** Whether the declarations can be carried out on this Coder: reachable, version, rights, licence, OIDC, sign-in sync, claims. */
import { type DoctorCheck } from '../../contract/admin-api';
import { CoderError, isPlainToAnotherHost, type MissingRight, OLDEST_SUPPORTED, type RightsNeeds } from '../../coder';
import { type StoredApp } from '../../store/apps/apps';
import { type Context, organizationName } from '../decide/context';
import { type Rim } from '../context/rim';
import { tryLog } from '../recovery/read-log';
import { findOrganization } from '../decide/rules';
import { auditProblem } from '../../store/audit/audit-problem';
import { claimsChecks } from './doctor-claims';
import { leaversChecks } from './doctor-leavers';
import { protectedChecks } from './doctor-protected';
import { signInChecks } from './doctor-sign-in';
import { workspacesCheck } from './doctor-workspaces';

type State = DoctorCheck['state'];

const check = (name: string, state: State, detail: string, next: string | null = null): DoctorCheck => ({
  name,
  state,
  detail,
  next,
});

function sayError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** All checks, in order; what a failed one makes impossible is skipped. */
export async function doctorChecks(rim: Rim): Promise<DoctorCheck[]> {
  const checks: DoctorCheck[] = [];
  if (isPlainToAnotherHost(rim.coder.url))
    checks.push(
      check(
        'tls',
        'warning',
        `${rim.coder.url} is called over plain http: the bridge's token travels in the clear`,
        'set CODER_URL to https://',
      ),
    );
  checks.push(...(await guarded('audit trail', () => auditChecks(rim))));
  let context: Context;
  try {
    const capabilities = await rim.coder.capabilities();
    checks.push(
      capabilities.supported
        ? check('coder', 'ok', `Coder ${capabilities.version} answers`)
        : check(
            'coder',
            'warning',
            `Coder ${capabilities.version} is older than ${OLDEST_SUPPORTED}`,
            `upgrade Coder to ${OLDEST_SUPPORTED} or newer`,
          ),
    );
    checks.push(...clockChecks(rim.coder.clockAheadMs));
    context = await rim.context.refresh();
    checks.push(check('account', 'ok', `the bridge is ${context.catalog.own.username}`));
  } catch (error) {
    // What is stored can't be read: nothing is wrong with Coder.
    if (!(error instanceof CoderError))
      return [
        ...checks,
        check('database', 'failed', sayError(error), 'GET /readyz and the log of the bridge say more'),
      ];
    const unauthorized = error.kind === 'unauthorized';
    const { tls } = error;
    checks.push(
      check(
        unauthorized ? 'account' : tls ? 'tls' : 'coder',
        'failed',
        sayError(error),
        unauthorized
          ? 'give the bridge a new token (CODER_SESSION_TOKEN_FILE)'
          : tls
            ? 'an authority of your own: name its certificate in CODER_SCIM_CODER_CA_FILE'
            : 'check CODER_URL and the way to Coder',
      ),
    );
    return [
      ...checks,
      ...['rights', 'licence', 'oidc', 'sign-in sync', 'claims', 'attributes', 'leavers', 'workspaces'].map(name =>
        check(name, 'skipped', 'Coder can not be asked'),
      ),
    ];
  }
  const apps = [...context.apps.values()].filter(app => !app.deleting);
  checks.push(
    ...(await guarded('rights', () => rightsChecks(rim, context, apps))),
    ...(await guarded('licence', () => licenceChecks(rim, apps))),
    ...(await guarded('oidc', () => oidcChecks(rim))),
    ...syncChecks(context),
    ...(await guarded('claims', () => claimsChecks(rim, context))),
    ...(await guarded('attributes', () => signInChecks(rim, apps))),
    ...(await guarded('leavers', () => leaversChecks(rim))),
    ...(await guarded('protected accounts', () => protectedChecks(rim, apps))),
    ...workspacesCheck(context, apps),
    ...mappingChecks(context, apps),
    ...ownerChecks(context),
    ...(await guarded('restored database', () => recoveryChecks(rim))),
  );
  return checks;
}

/** An answer tells its time in whole seconds, and was under way. */
const CLOCKS_MAY_DIFFER_MS = 5_000;

/** @param aheadMs how far Coder's clock is ahead; undefined where that is not known */
export function clockChecks(aheadMs: number | undefined): DoctorCheck[] {
  if (aheadMs === undefined) return [];
  if (Math.abs(aheadMs) <= CLOCKS_MAY_DIFFER_MS) return [check('clock', 'ok', "Coder's clock and the bridge's agree")];
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  return [
    check(
      'clock',
      'warning',
      `Coder's clock is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the bridge's: whose an account is that a sign-in made is told by both`,
      'set both by NTP',
    ),
  ];
}

async function auditChecks(rim: Rim): Promise<DoctorCheck[]> {
  const problem = await auditProblem(rim.database.db, rim.clock.now());
  return [
    problem === undefined
      ? check('audit trail', 'ok', 'every line is sealed')
      : check(
          'audit trail',
          'failed',
          problem,
          'see who can write to the database, and compare with what was exported',
        ),
  ];
}

async function guarded(name: string, run: () => Promise<DoctorCheck[]>): Promise<DoctorCheck[]> {
  try {
    return await run();
  } catch (error) {
    return [check(name, 'failed', sayError(error))];
  }
}

/** What the declarations of these apps need the bridge's account to be allowed. */
export function needsOf(context: Context, apps: readonly StoredApp[]): RightsNeeds {
  const ids = (names: readonly (string | undefined)[]): string[] => [
    ...new Set(
      names.flatMap(name =>
        name === undefined ? [] : (findOrganization(context.catalog.organizations, name)?.id ?? []),
      ),
    ),
  ];
  const push = apps.filter(app => app.state.mode === 'push').map(app => app.state);
  const all = apps.map(app => app.state);
  const roles = push.flatMap(state => Object.values(state.roleMappings).map(mapping => mapping.organization));
  const groups = all.flatMap(state => [
    ...Object.values(state.groupMappings).map(mapping => mapping.organization),
    state.pushedGroups?.organization,
  ]);
  return {
    siteRoles: all.some(state =>
      Object.values(state.roleMappings).some(
        mapping => mapping.organization === undefined && mapping.role !== 'member',
      ),
    ),
    organizationRoles: ids(roles),
    groups: ids(groups),
    organizations: ids([
      ...roles,
      ...groups,
      ...push.flatMap(state => Object.values(state.organizationMappings).map(mapping => mapping.organization)),
    ]),
    customRoles: ids(all.flatMap(state => Object.values(state.customRoles).map(role => role.organization))),
    claims: ids(
      all
        .filter(state => state.mode === 'claims')
        .flatMap(state =>
          [
            ...Object.values(state.groupMappings),
            ...Object.values(state.roleMappings),
            ...Object.values(state.organizationMappings),
          ].map(mapping => mapping.organization),
        ),
    ),
  };
}

/** One missing right in a sentence. */
export function sayMissing(context: Context, missing: MissingRight): string {
  const where =
    missing.organization === undefined
      ? ''
      : ` in organization ${JSON.stringify(organizationName(context, missing.organization))}`;
  return `${missing.detail}${missing.detail.includes('organization') ? '' : where}`;
}

async function rightsChecks(rim: Rim, context: Context, apps: readonly StoredApp[]): Promise<DoctorCheck[]> {
  const missing = await rim.coder.checkRights(needsOf(context, apps));
  if (missing.length === 0) return [check('rights', 'ok', 'the account may do what the declarations need')];
  return missing.map(right =>
    check(
      'rights',
      'failed',
      sayMissing(context, right),
      right.grantedBy.length === 0 ? null : `give the bridge's account one of: ${right.grantedBy.join(', ')}`,
    ),
  );
}

async function licenceChecks(rim: Rim, apps: readonly StoredApp[]): Promise<DoctorCheck[]> {
  const { enabled } = await rim.coder.getEntitlements();
  const states = apps.map(app => app.state);
  const wanted: [feature: string, what: string, needed: boolean][] = [
    [
      'template_rbac',
      'groups',
      states.some(state => Object.keys(state.groupMappings).length > 0 || state.pushedGroups !== undefined),
    ],
    ['custom_roles', 'custom roles', states.some(state => Object.keys(state.customRoles).length > 0)],
    [
      'multiple_organizations',
      'organizations beside the default one',
      states.some(state =>
        [...Object.values(state.groupMappings), ...Object.values(state.organizationMappings)].some(
          mapping => mapping.organization !== 'default',
        ),
      ),
    ],
  ];
  const lacking = wanted.filter(([feature, , needed]) => needed && !enabled.has(feature));
  if (lacking.length === 0) return [check('licence', 'ok', 'the licence covers what is declared')];
  return lacking.map(([feature, what]) =>
    check(
      'licence',
      'failed',
      `${what} need the Premium feature ${feature}, which is not enabled`,
      'install a licence, or remove the mappings',
    ),
  );
}

async function oidcChecks(rim: Rim): Promise<DoctorCheck[]> {
  const { oidc } = await rim.coder.getAuthMethods();
  return [
    oidc
      ? check('oidc', 'ok', 'people sign in by OIDC')
      : check(
          'oidc',
          'failed',
          'OIDC is not configured in Coder, which then refuses accounts that sign in by it',
          'set CODER_OIDC_ISSUER_URL and its companions in Coder',
        ),
  ];
}

function syncChecks({ catalog, apps }: Context): DoctorCheck[] {
  const push = [...apps.values()].some(app => app.state.mode === 'push' && !app.deleting);
  const name = (id: string): string => catalog.organizations.find(one => one.id === id)?.name ?? id;
  const on = [
    ...(catalog.sync.siteRoles ? ['site role sync'] : []),
    ...(catalog.sync.organizations ? ['organization sync'] : []),
    ...[...catalog.sync.organizationRoles].map(id => `role sync in ${name(id)}`),
    ...[...catalog.sync.groups].map(id => `group sync in ${name(id)}`),
  ];
  if (on.length === 0) return [check('sign-in sync', 'ok', "Coder's own sign-in sync is off")];
  return [
    check(
      'sign-in sync',
      push ? 'warning' : 'ok',
      `on: ${on.join(', ')}`,
      push ? 'what it governs is held in mode push: turn it off, or set the app to mode claims' : null,
    ),
  ];
}

function mappingChecks(context: Context, apps: readonly StoredApp[]): DoctorCheck[] {
  return apps.flatMap(app => {
    const problems = [...new Set([...(context.rules.get(app.name)?.problems ?? []), ...app.problems])];
    if (problems.length === 0) return [check(`app ${app.name}`, 'ok', 'every mapping resolves')];
    return problems.map(problem => check(`app ${app.name}`, 'warning', problem));
  });
}

/** Whether a restored database would be told from a current one, and whether this is one. */
async function recoveryChecks({ recovery, coder }: Rim): Promise<DoctorCheck[]> {
  const name = 'restored database';
  const why = await recovery.holds();
  if (why !== undefined) return [check(name, 'failed', why, 'coder-scim recover')];
  try {
    await tryLog(coder);
    return [check(name, 'ok', "the database is as new as Coder's audit log")];
  } catch (error) {
    if (!(error instanceof CoderError) || error.status === undefined) throw error;
    return [
      check(
        name,
        'warning',
        `a restored backup could not be told from a current database: ${sayError(error)}`,
        'give the account the site role auditor or owner, or restore as docs/operations.md says',
      ),
    ];
  }
}

function ownerChecks(context: Context): DoctorCheck[] {
  return context.catalog.problems.map(problem => check('settings', 'warning', problem));
}
