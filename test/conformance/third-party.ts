/**
 * Suites that others wrote, against the strict endpoint of this checkout: scim2-tester and scim-sanity, from PyPI. Not a part of
 * `npm test`, since they need Python and packages:
 *
 *     python3 -m venv /tmp/scim-suites && /tmp/scim-suites/bin/pip install scim2-cli scim-sanity
 *     npx tsx test/conformance/third-party.ts /tmp/scim-suites/bin
 *
 * Exits with 1 when a suite finds a fault, with 2 when a suite is not there. Runs without network once the packages are installed.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startScimServer } from '../support/scim-server';

interface Suite {
  readonly name: string;
  /** Package on PyPI. */
  readonly from: string;
  readonly program: string;
  readonly parameters: (url: string, token: string) => readonly string[];
  /** What of its report is a fault. */
  readonly fault: RegExp;
  /** Faults that are none: what the suite wants, and why it is not so here. */
  readonly disputed: readonly (readonly [fault: RegExp, why: string])[];
}

const SUITES: readonly Suite[] = [
  {
    name: 'scim2-tester',
    from: 'scim2-cli',
    program: 'scim2',
    parameters: (url, token) => ['--url', url, '--header', `Authorization: Bearer ${token}`, 'test'],
    fault: /^(?:ERROR|CRITICAL)\b.*\n.*$/gm,
    disputed: [
      [
        /enterprise:2\.0:User\.schemas": got a name/,
        'schemas is an attribute of resources (RFC 7643 §3.1), an extension has those of its schema alone (§3.3)',
      ],
      [
        /'active': active can't be changed/,
        'active has a default (RFC 7643 §2.2), so that it can not become unassigned: by its removal somebody would be let in',
      ],
    ],
  },
  {
    name: 'scim-sanity',
    from: 'scim-sanity',
    program: 'scim-sanity',
    parameters: (url, token) => ['probe', url, '--token', token, '--i-accept-side-effects'],
    fault: /^ *\[FAIL\].*$/gm,
    disputed: [
      [/PATCH \/Groups\/\{id\}$/, 'RFC 7644 §3.5.2 has 204 beside 200, which spares a group its members'],
      [
        /PATCH \/Groups\/\{id\} remove members$/,
        'RFC 7644 §3.5.2 has 204 beside 200, which spares a group its members',
      ],
      [
        /PATCH \/Groups\/\{id\} add member$/,
        'RFC 7643 §2.3.7 lets a service provider enforce that a member exists: one who does not would never have access',
      ],
    ],
  },
];

/** @returns the exit code: 0 passed, 1 a fault, 2 not there */
async function run(suite: Suite, folder: string | undefined): Promise<0 | 1 | 2> {
  const program = folder === undefined ? suite.program : join(folder, suite.program);
  if (folder !== undefined && !existsSync(program)) return missing(suite);
  const server = await startScimServer();
  // The suites run beside this process, which has to answer them meanwhile.
  const { code, report } = await new Promise<{ code: number | 'ENOENT'; report: string }>(resolve => {
    const child = execFile(
      program,
      [...suite.parameters(`${server.url}/scim/v2`, server.token)],
      { timeout: 280_000, maxBuffer: 64 * 1024 * 1024 },
      (error, report) => resolve({ code: error === null ? 0 : error.code === 'ENOENT' ? 'ENOENT' : 1, report }),
    );
    child.stdout?.pipe(process.stdout);
    child.stderr?.pipe(process.stderr);
  });
  await server.close();
  if (code === 'ENOENT') return missing(suite);
  return judge(suite, code, report);
}

/** Tells the faults from what is disputed. A suite that ended badly without naming one has found something as well. */
function judge({ name, fault, disputed }: Suite, code: number, report: string): 0 | 1 {
  const named = report.match(fault) ?? [];
  const faults = named.filter(line => !disputed.some(([known]) => known.test(line)));
  for (const line of named) {
    const why = disputed.find(([known]) => known.test(line))?.[1];
    console.log(`${name}: ${line.trim().replace(/\s+/g, ' ').slice(0, 200)}: ${why ?? 'a fault'}`);
  }
  const failed = faults.length > 0 || (code !== 0 && named.length === 0);
  console.log(`${name}: ${failed ? 'found a fault' : 'no fault'}`);
  return failed ? 1 : 0;
}

function missing({ name, from }: Suite): 2 {
  const python = spawnSync('python3', ['--version']).status === 0;
  console.error(
    python
      ? `${name} is not installed: python3 -m venv /tmp/scim-suites && /tmp/scim-suites/bin/pip install ${from}, then name /tmp/scim-suites/bin as argument`
      : `${name} needs Python 3, which is not on the PATH: install it, then ${from} from PyPI`,
  );
  return 2;
}

async function main(folder: string | undefined): Promise<void> {
  const codes: number[] = [];
  for (const suite of SUITES) codes.push(await run(suite, folder));
  process.exitCode = Math.max(...codes);
}

void main(process.argv[2]);
