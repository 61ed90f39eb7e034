/**
 * The whole product in one run, on this machine alone: a Coder double, the bridge, real Terraform with the provider of
 * this package, and two identity providers as they really talk. Ends with a table of who may do what in Coder, each line
 * checked against what was declared; the exit code is 0 only if all agree.
 *
 * `--keep` leaves everything running and prints what to try.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AdminClient } from '../../bridge/admin-client/admin-client';
import { mintToken } from '../../bridge/scim/access/token';
import { type CoderDouble, startCoderDouble } from '../../test/support/coder-double';
import { Terraform, type Ran } from '../../test/support/terraform';
import { type BridgeProcess, startBridge } from './bridge-process';
import { Entra } from './entra';
import { Okta } from './okta';
import { bold, dim, done, failed, heading, quote, say, seconds } from './screen';
import { type DemoDeclaration, synthesize } from './stack';
import { type Expected, judge } from './verdict';

const SWEEP_SECONDS = 2;

const EXPECTED: readonly Expected[] = [
  { username: 'alice', email: 'alice@acme.example', siteRoles: ['owner'], organizations: ['coder'] },
  { username: 'audrey', email: 'audrey@acme.example', siteRoles: ['auditor'], organizations: ['coder'] },
  { username: 'dan', email: 'dan@acme.example', siteRoles: ['template-admin', 'user-admin'], organizations: ['coder'] },
  { username: 'dora', email: 'dora@acme.example', groups: ['coder/developers'], organizations: ['coder'] },
  { username: 'drew', email: 'drew@acme.example', suspended: true, organizations: ['coder'] },
  {
    username: 'paula',
    email: 'paula@acme.example',
    siteRoles: ['template-admin', 'user-admin'],
    organizations: ['coder'],
  },
  {
    username: 'erin',
    email: 'erin@lab.example',
    groups: ['research/gpu'],
    organizationRoles: ['research: organization-admin'],
    organizations: ['coder', 'research'],
  },
  { username: 'evan', email: 'evan@lab.example', groups: ['research/gpu'], organizations: ['coder', 'research'] },
  // A suspension keeps memberships: nobody gets in, and what was given there by hand is there again on a return.
  { username: 'eve', email: 'eve@lab.example', suspended: true, organizations: ['coder', 'research'] },
  { username: 'ezra', email: 'ezra@lab.example', organizations: ['coder'] },
];

async function main(keep: boolean): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'coder-scim-demo-'));
  const closers: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const shutDown = async () => {
    for (const close of closers.reverse()) await close();
  };
  try {
    return await play(folder, closers, keep);
  } finally {
    if (keep) await untilInterrupted();
    await shutDown();
  }
}

async function play(folder: string, closers: (() => unknown)[], keep: boolean): Promise<number> {
  heading('A Coder and the bridge');
  const coder = await startCoderDouble();
  closers.push(() => coder.close());
  coder.addOrganization('research', 'Research');
  done(`Coder double at ${coder.url}  ${dim('answers as v2.36.0; organizations coder and research')}`);
  const adminToken = randomBytes(24).toString('hex');
  coder.addUser('coder-scim', { roles: ['owner'] });
  const bridge = await startBridge({
    CODER_URL: coder.url,
    CODER_SESSION_TOKEN: coder.issueToken('coder-scim'),
    CODER_SCIM_ADMIN_TOKEN: adminToken,
    CODER_SCIM_STATE_DIR: join(folder, 'state'),
    CODER_SCIM_SWEEP_INTERVAL: `${SWEEP_SECONDS}s`,
  });
  closers.push(() => bridge.stop());
  done(`bridge at ${bridge.url}  ${dim(`SQLite, ready after ${bridge.startedIn.toFixed(0)} ms`)}`);
  const admin = new AdminClient({ url: bridge.url, token: adminToken });

  heading('Declare who may do what, and deploy it');
  const [oktaToken, entraToken] = [mintToken(), mintToken()];
  const declaration: DemoDeclaration = {
    bridgeUrl: bridge.url,
    oktaDigest: oktaToken.digest,
    entraDigest: entraToken.digest,
    expiresAt: new Date(Date.now() + 90 * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z'),
    platformAdministersUsers: false,
  };
  const outdir = join(folder, 'cdktf.out');
  const terraform = new Terraform(synthesize(outdir, declaration), { CODER_SCIM_ADMIN_TOKEN: adminToken });
  closers.push(() => terraform.remove());
  done('stack synthesized: four tiers for Okta, a group with its organization for Entra');
  must(await terraform.init(), [0]);
  done('terraform init  offline, the provider came with the stack');
  quote(planOf(must(await terraform.plan(), [2])));
  quote(must(await terraform.applyPlan(), [0]).stdout);

  heading('Okta provisions');
  const okta = new Okta(`${bridge.url}/apps/okta/scim/v2`, oktaToken.token);
  await okta.testConnection();
  await okta.assign([
    { login: 'alice@acme.example', given: 'Alice', family: 'Adams' },
    { login: 'paula@acme.example', given: 'Paula', family: 'Platt' },
    { login: 'dan@acme.example', given: 'Dan', family: 'Drake' },
    { login: 'dora@acme.example', given: 'Dora', family: 'Dunn' },
    { login: 'drew@acme.example', given: 'Drew', family: 'Dale' },
    { login: 'audrey@acme.example', given: 'Audrey', family: 'Ames' },
  ]);
  await okta.pushGroups({
    'coder-admins': ['alice@acme.example'],
    'coder-platform': ['paula@acme.example'],
    'coder-developers': ['dan@acme.example', 'dora@acme.example'],
    'coder-auditors': ['audrey@acme.example'],
  });
  await okta.join('drew@acme.example', 'coder-developers');
  await okta.move('dan@acme.example', 'coder-developers', 'coder-platform');
  await okta.deactivate('dora@acme.example');
  say(dim(`dora in Coder before Okta had its answer: ${coder.describe('dora').status}`));
  await okta.reactivate('dora@acme.example');
  await okta.deactivate('drew@acme.example');

  heading('Entra provisions');
  const entra = new Entra(`${bridge.url}/apps/entra/scim/v2`, entraToken.token);
  await entra.testConnection();
  await entra.provision([
    { upn: 'erin@lab.example', name: 'Erin Ernst', department: 'Research' },
    { upn: 'evan@lab.example', name: 'Evan Eld', department: 'Research' },
    { upn: 'eve@lab.example', name: 'Eve Ells', department: 'Research' },
    { upn: 'ezra@lab.example', name: 'Ezra Egan', department: 'Research' },
  ]);
  await entra.provisionGroups({
    'Research GPU': ['erin@lab.example', 'evan@lab.example', 'eve@lab.example', 'ezra@lab.example'],
    'Research Leads': ['erin@lab.example'],
  });
  await entra.removeFromGroup('ezra@lab.example', 'Research GPU');
  await entra.disable('eve@lab.example');
  await entra.remove('eve@lab.example');
  await converged(admin);

  heading('Change a mapping: platform engineers also administer users');
  synthesize(outdir, { ...declaration, platformAdministersUsers: true });
  quote(planOf(must(await terraform.plan(), [2])));
  const watch = watchRoles(coder, ['paula', 'dan']);
  quote(must(await terraform.applyPlan(), [0]).stdout);
  await converged(admin);
  const seen = watch();
  for (const [username, states] of Object.entries(seen)) {
    const bare = states.some(roles => roles === '');
    (bare ? failed : done)(
      `${username}: ${states.map(roles => roles || 'no role').join('  →  ')}${bare ? '' : dim('   at no moment without a role')}`,
    );
    if (bare) return 1;
  }

  heading('Change Coder by hand');
  coder.setSiteRoles('audrey', []);
  coder.removeFromGroup('evan', 'gpu', 'research');
  say('somebody takes the auditor role from audrey and removes evan from the group gpu …');
  const changed = Date.now();
  const repaired = () =>
    coder.describe('audrey').siteRoles.includes('auditor') && coder.membersOf('gpu', 'research').includes('evan');
  while (!repaired() && Date.now() - changed < 60_000) await sleep(50);
  if (!repaired()) {
    failed('the bridge did not repair it within 60 s');
    return 1;
  }
  done(
    `the sweep (here every ${SWEEP_SECONDS} s) noticed and repaired both after ${((Date.now() - changed) / 1000).toFixed(1)} s:`,
  );
  await converged(admin);
  const { entries } = await admin.audit({ since: new Date(changed).toISOString(), limit: 20 });
  const repairs = entries
    .filter(entry => entry.result === 'done')
    .map(({ action, subjectName, target, before, after }) => {
      const change = after === null ? '' : `: ${before ?? 'nothing'} → ${after}`;
      return `${action}  ${subjectName ?? ''}  ${target ?? ''}${change}`;
    });
  quote(repairs.reverse().join('\n'));

  heading('terraform plan, once more');
  quote(must(await terraform.plan(), [0]).stdout);

  heading('Who may do what in Coder');
  const wrong = await judge(coder, admin, EXPECTED);
  console.log();
  if (wrong === 0)
    done(
      bold(`all ${EXPECTED.length} people are in Coder as declared`) +
        dim(`   ${coder.calls.countWrites()} write calls to Coder, ${seconds()}`),
    );
  else failed(bold(`${wrong} of ${EXPECTED.length} people are not as declared`));
  if (keep) printKept(coder, bridge, adminToken, oktaToken.token, terraform.folder);
  return wrong === 0 ? 0 : 1;
}

/** The part of Terraform's output that is the plan. */
function planOf(ran: Ran): string {
  const start = ran.stdout.indexOf('Terraform will perform');
  const tofu = ran.stdout.indexOf('OpenTofu will perform');
  const from = Math.max(start, tofu, 0);
  const end = ran.stdout.indexOf('─────', from);
  return ran.stdout.slice(from, end < 0 ? undefined : end);
}

function must(ran: Ran, codes: readonly number[]): Ran {
  if (!codes.includes(ran.code)) throw new Error(`terraform ended with code ${ran.code}:\n${ran.output}`);
  return ran;
}

/** Waits until the bridge says that Coder agrees with every app. */
async function converged(admin: AdminClient): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
    const status = await admin.status();
    if (status.apps.every(app => app.converged)) {
      done('the bridge says: converged');
      return;
    }
  }
  throw new Error(`the bridge did not converge: ${JSON.stringify((await admin.status()).pending, null, 2)}`);
}

/** Notes every state of some people's site roles until told to stop. */
function watchRoles(coder: CoderDouble, usernames: readonly string[]): () => Record<string, string[]> {
  const seen: Record<string, string[]> = Object.fromEntries(usernames.map(name => [name, []]));
  const look = () => {
    for (const [name, states] of Object.entries(seen)) {
      const roles = coder.describe(name).siteRoles.join(' + ');
      if (states.at(-1) !== roles) states.push(roles);
    }
  };
  look();
  const timer = setInterval(look, 1);
  return () => {
    clearInterval(timer);
    look();
    return seen;
  };
}

function printKept(coder: CoderDouble, bridge: BridgeProcess, adminToken: string, token: string, folder: string): void {
  const base = `${bridge.url}/apps/okta/scim/v2`;
  console.log(`
   Everything stays up until Ctrl-C.

   Coder double      ${coder.url}   (session token ${coder.token})
   SCIM base URL     ${base}
   SCIM token        ${token}
   admin API         ${bridge.url}   (admin token ${adminToken})
   Terraform folder  ${folder}

   Try:

   curl -s -H 'Authorization: Bearer ${token}' '${base}/Users?filter=userName%20sw%20%22d%22&attributes=userName,active'
   curl -s -H 'Authorization: Bearer ${token}' '${base}/Groups?excludedAttributes=members'
   curl -s -H 'Authorization: Bearer ${adminToken}' '${bridge.url}/admin/v1/explain?user=dan@acme.example'
`);
}

function untilInterrupted(): Promise<void> {
  return new Promise(resume => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resume());
  });
}

const unknown = process.argv.slice(2).filter(argument => argument !== '--keep');
if (unknown.length > 0) {
  console.error(`unknown argument ${unknown.join(' ')}: wanted nothing, or --keep to leave everything running`);
  process.exit(2);
}
main(process.argv.includes('--keep')).then(
  code => process.exit(code),
  (error: unknown) => {
    failed(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
