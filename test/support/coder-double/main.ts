/** The double as a program of its own: `npm run coder-double -- --port 7080 --token secret`. */
import { parseArgs } from 'node:util';
import { recordedLatency, startCoderDouble } from './index';

const HELP = `usage: npm run coder-double -- [options]

A server on 127.0.0.1 that answers as Coder v2.36.0 does. One owner, testuser; one organization, coder.

  --port N             port to listen on (default: a free one)
  --token T            session token of the owner (default: a fresh one, printed)
  --rate-limit N       requests a minute for each user and path; 0 switches the limit off (default: 512)
  --no-licence         without a Premium licence
  --no-oidc            without OIDC
  --no-sign-ups        unknown people can't sign up by OIDC
  --site-role-field F  site roles are taken from the claim F
  --database-locale L  C (only A to Z are the same in any case; default) or C.utf8 (every letter)
  --user-limit N       people that the licence allows
  --old                the shape of v2.29.19
  --recorded-latency   answers as slowly as a real server did
  --help               this text

Control calls, from this machine only:
  POST   /__double/oidc-login  {"claims": {...}}           plays a browser sign-in
  POST   /__double/faults      {"kind": "slow", "ms": 500, "match": {"method": "PATCH", "path": "/groups/"}, "times": 3}
                               kinds: slow {ms}, fail {status, page}, fail-after-doing {status}, drop {afterDoing},
                               rate-limit {retryAfterSeconds}, unreachable {ms}
  DELETE /__double/faults      no more faults
  POST   /__double/tokens      {"user": "ann"}             a token for a user
  POST   /__double/workspaces  {"owner": "ann", "name": "dev"}   a workspace that runs; "stopped": true, "dormant": true
  GET    /__double/workspaces  who has which, and its status
  POST   /__double/lifecycle   stops what runs for suspended people, as Coder does once a minute
  GET    /__double/state       who is in Coder, by name
  GET    /__double/calls       what was asked of it; DELETE forgets
`;

function readNumber(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isInteger(value)) return value;
  throw new Error(`${option} takes a whole number, got "${text}"; try --help`);
}

function readLocale(text: string | undefined): 'C' | 'C.utf8' | undefined {
  if (text === undefined || text === 'C' || text === 'C.utf8') return text;
  throw new Error(`--database-locale takes C or C.utf8, got "${text}"; try --help`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      token: { type: 'string' },
      'rate-limit': { type: 'string' },
      'no-licence': { type: 'boolean' },
      'no-oidc': { type: 'boolean' },
      'no-sign-ups': { type: 'boolean' },
      'site-role-field': { type: 'string' },
      'database-locale': { type: 'string' },
      'user-limit': { type: 'string' },
      old: { type: 'boolean' },
      'recorded-latency': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const port = readNumber(values.port, '--port');
  const rateLimitPerMinute = readNumber(values['rate-limit'], '--rate-limit');
  const userLimit = readNumber(values['user-limit'], '--user-limit');
  const databaseLocale = readLocale(values['database-locale']);
  const double = await startCoderDouble({
    licence: !values['no-licence'],
    oidc: !values['no-oidc'],
    oidcAllowSignups: !values['no-sign-ups'],
    ...(port !== undefined && { port }),
    ...(values.token !== undefined && { token: values.token }),
    ...(rateLimitPerMinute !== undefined && { rateLimitPerMinute }),
    ...(values['site-role-field'] !== undefined && { oidcUserRoleField: values['site-role-field'] }),
    ...(databaseLocale !== undefined && { databaseLocale }),
    ...(userLimit !== undefined && { userLimit }),
    ...(values.old && { version: 'v2.29.19' as const }),
    ...(values['recorded-latency'] && { latency: recordedLatency }),
  });
  console.log(`coder double at ${double.url}`);
  if (values.token === undefined) console.log(`token of testuser: ${double.token}`);
  const stop = () => void double.close().then(() => process.exit(0));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

main().catch((problem: unknown) => {
  const taken = problem instanceof Error && 'code' in problem && problem.code === 'EADDRINUSE' && 'port' in problem;
  if (taken) console.error(`port ${String(problem.port)} of 127.0.0.1 is in use; choose another with --port`);
  else console.error(problem instanceof Error ? problem.message : problem);
  process.exit(1);
});
