/**
 * What a `null_resource` runs at deploy time: `apply` hands a mapping state to the bridge, `check` proves that provisioning
 * works. Everything comes by environment; nothing secret is ever printed, since Terraform shows the output of a command
 * that failed.
 */
import { AdminClient } from '../bridge/admin-client/admin-client';
import { AdminError } from '../bridge/admin-client/admin-error';
import { readBody } from '../bridge/admin-client/answers';
import { bridgeUrlProblem } from '../bridge/contract/bridge-url';
import { formatPath, MappingStateError, parseMappingState } from '../bridge/contract/mapping-state';
import { tokenTextProblem } from '../bridge/contract/token-text';
import { adminTokenOf } from './admin-token';
import { ProviderError } from './plugin/define/diagnostics';
import { createFetch, isCertificateFailure, isPassing } from './transport';

const request: typeof fetch = (url, init) =>
  createFetch({ file: process.env['CODER_SCIM_CA_FILE'] || undefined, pem: undefined }, process.env)(url, init);

/** How long one answer of the check may take. */
const CHECK_TIMEOUT_MS = 15_000;

/** A step that can't be done; its message is the one line that the person sees. */
class StepError extends Error {}

function wanted(name: string, what: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new StepError(`${name} is not set: ${what}`);
  return value;
}

function adminToken(): string {
  return (
    adminTokenOf(process.env) ??
    wanted('CODER_SCIM_ADMIN_TOKEN', 'set it to the admin credential of the bridge where Terraform runs')
  );
}

async function apply(): Promise<string> {
  const text = wanted(
    'CODER_SCIM_MAPPING_STATE',
    'the stack sets it; was it synthesized by the same version of coder-scim?',
  );
  const state = parseMappingState(JSON.parse(text));
  const url = wanted('CODER_SCIM_URL', 'the base URL of the bridge');
  const problem = bridgeUrlProblem(url);
  if (problem !== undefined) throw new StepError(`CODER_SCIM_URL ${problem}`);
  const client = new AdminClient({ url, token: adminToken(), fetch: request });
  const app = await withPatience(() => client.putApp(state, 'any'));
  const mappings = [state.groupMappings, state.roleMappings, state.organizationMappings].reduce(
    (sum, part) => sum + Object.keys(part).length,
    0,
  );
  return `app "${state.app}": generation ${app.generation}, ${mappings} mappings, ${app.converged ? 'Coder agrees' : 'the bridge is still at work'}`;
}

async function check(): Promise<string> {
  const base = wanted('CODER_SCIM_BASE_URL', 'the stack sets it').replace(/\/+$/, '');
  const variable = wanted('CODER_SCIM_TOKEN_VARIABLE', 'the stack sets it');
  const token = wanted(variable, 'the provisioning check needs a SCIM token of the app where Terraform runs').trim();
  const unusable = tokenTextProblem(token);
  if (unusable !== undefined) throw new StepError(`${variable} ${unusable}`);
  const started = Date.now();
  await scim(base, '/ServiceProviderConfig', token);
  const nobody = `coder-scim-check-${process.pid}-${started}@example.invalid`;
  const found = await scim(base, `/Users?filter=${encodeURIComponent(`userName eq "${nobody}"`)}&count=1`, token);
  if (found['totalResults'] !== 0)
    throw new StepError(`${base}/Users found somebody who does not exist: the filter is not understood`);
  await scim(base, '/Groups?count=1&excludedAttributes=members', token);
  return `provisioning works at ${base} (3 requests, ${Date.now() - started} ms)`;
}

async function scim(base: string, path: string, token: string): Promise<Record<string, unknown>> {
  return await withPatience(async () => {
    const { status, body } = await get(base, path, token);
    const isDone = status >= 200 && status < 300;
    if (isDone && body !== undefined) return body;
    const detail =
      typeof body?.['detail'] === 'string' ? body['detail'] : 'no SCIM error body: is this a coder-scim bridge?';
    const what = isDone ? ', and not as SCIM does: is this a coder-scim bridge?' : `: ${detail}`;
    throw new AdminError('refused', `${base}${path.split('?')[0]} answered ${status}${what}`, status);
  });
}

/** An answer with its body; undefined where that is no JSON object. @throws AdminError where there is none, or it breaks off */
async function get(
  base: string,
  path: string,
  token: string,
): Promise<{ status: number; body: Record<string, unknown> | undefined }> {
  try {
    const response = await request(`${base}${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/scim+json' },
      signal: AbortSignal.timeout(CHECK_TIMEOUT_MS),
    });
    const body = await readBody(response);
    return {
      status: response.status,
      body: typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : undefined,
    };
  } catch (cause) {
    // A certificate that can not be read is none of the bridge's.
    if (cause instanceof ProviderError) throw cause;
    const reason = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
    throw new AdminError('unreachable', `${base} does not answer: ${reason}`, 0, [], undefined, { cause });
  }
}

/** A bridge that was deployed a moment ago may not listen yet: tries again for half a minute. */
async function withPatience<T>(call: () => Promise<T>): Promise<T> {
  for (let wait = 500; ; wait *= 2) {
    try {
      return await call();
    } catch (error) {
      if (!isPassing(error) || wait > 16_000) throw error;
      await new Promise(resume => setTimeout(resume, wait));
    }
  }
}

function explain(error: unknown): string {
  const message = describe(error);
  return isCertificateFailure(error)
    ? `${message}; where a private authority signed the certificate, set CODER_SCIM_CA_FILE where Terraform runs to the PEM file of that authority`
    : message;
}

function describe(error: unknown): string {
  if (error instanceof MappingStateError)
    return error.issues.map(issue => `${formatPath(issue.path)}: ${issue.message}`).join('; ');
  if (error instanceof AdminError) {
    return [error.message, ...error.issues.map(issue => `${formatPath(issue.path)}: ${issue.message}`)].join('; ');
  }
  if (error instanceof ProviderError)
    return error.diagnostics
      .map(({ summary, detail }) => [summary, detail].filter(part => part !== undefined).join(': '))
      .join('; ');
  return error instanceof Error ? error.message : String(error);
}

const STEPS: Readonly<Record<string, () => Promise<string>>> = { apply, check };

const step = STEPS[process.argv[2] ?? ''];
if (step === undefined) {
  console.error(
    `unknown step ${JSON.stringify(process.argv[2] ?? '')}: wanted one of ${Object.keys(STEPS).join(', ')}`,
  );
  process.exitCode = 2;
} else {
  step().then(
    line => console.log(line),
    (error: unknown) => {
      console.error(explain(error));
      process.exitCode = 1;
    },
  );
}
