/**
 * How the bridge is reached from where Terraform runs: through a proxy where the environment names one, with the
 * certificates of a private authority where it is given one.
 */
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { AdminError } from '../bridge/admin-client/admin-error';
// Not by the plugin's door: the deploy step asks the bridge too, and speaks no gRPC.
import { ProviderError } from './plugin/define/diagnostics';

type Fetch = typeof fetch;

/** Certificates to trust beside the usual ones. */
export interface Authority {
  /** Path of a PEM file. */
  readonly file: string | undefined;
  /** PEM text. */
  readonly pem: string | undefined;
}

/** Variables that name a proxy, in either case. */
const PROXY = ['HTTP_PROXY', 'HTTPS_PROXY'];

/** Fetches as the settings and the environment say. @throws ProviderError for a file that is no certificate */
export function createFetch(authority: Authority, environment: NodeJS.ProcessEnv): Fetch {
  const certificates = readAuthority(authority);
  const proxied = PROXY.some(name => Boolean(environment[name] ?? environment[name.toLowerCase()]));
  return certificates === undefined && !proxied ? fetch : throughAgent(certificates);
}

/** With an agent of undici, which is loaded when it is needed: most do without, and the plugin starts several times a run. */
function throughAgent(certificates: string | undefined): Fetch {
  let agent: Promise<{ request: Fetch }> | undefined;
  const open = async () => {
    const { EnvHttpProxyAgent, fetch: request } = await import('undici');
    const tls = certificates === undefined ? {} : { ca: [...rootCertificates, certificates] };
    const dispatcher = new EnvHttpProxyAgent({ connect: tls, requestTls: tls, proxyTls: tls });
    return { request: ((url: string, init: object) => request(url, { ...init, dispatcher })) as unknown as Fetch };
  };
  return async (url, init) => {
    agent ??= open();
    return (await agent).request(url, init);
  };
}

function readAuthority({ file, pem }: Authority): string | undefined {
  const text = pem ?? (file === undefined ? undefined : readCertificates(file));
  if (text === undefined) return undefined;
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new ProviderError(
      `${pem === undefined ? 'ca_file' : 'ca_pem'} has no certificate`,
      `Got ${pem === undefined ? JSON.stringify(file) : `${text.length} characters`}, wanted PEM text with "-----BEGIN CERTIFICATE-----": the certificate of the authority that signed the bridge's.`,
      [pem === undefined ? 'ca_file' : 'ca_pem'],
    );
  }
  return text;
}

function readCertificates(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ProviderError(
      'ca_file can not be read',
      `Got ${JSON.stringify(file)}: ${cause instanceof Error ? cause.message : String(cause)}. Wanted a PEM file that is there where Terraform runs.`,
      ['ca_file'],
    );
  }
}

/** Lines for TF_LOG=DEBUG: what was asked, what came of it and how long it took; no header, no body, no query. */
export function logged(request: Fetch): Fetch {
  return async (url, init) => {
    const started = performance.now();
    const note = (fields: Readonly<Record<string, unknown>>) => {
      const { origin, pathname } = new URL(url instanceof Request ? url.url : url);
      const line = { method: init?.method ?? 'GET', url: `${origin}${pathname}`, ...fields };
      console.debug('request to the bridge', { ...line, ms: Math.round(performance.now() - started) });
    };
    try {
      const response = await request(url, init);
      note({ status: response.status, generation: /^"(\d+)"$/.exec(response.headers.get('etag') ?? '')?.[1] });
      return response;
    } catch (error) {
      note({ failed: codeOf(error) ?? 'no answer' });
      throw error;
    }
  };
}

/** The code of the failure at the bottom, such as ECONNREFUSED. */
export function codeOf(error: unknown): string | undefined {
  let code: string | undefined;
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string' && at.code !== 'unreachable') code = at.code;
  }
  return code;
}

const CERTIFICATE_CODES = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Whether the other side's certificate is the reason: asking again changes nothing. */
export function isCertificateFailure(error: unknown): boolean {
  return CERTIFICATE_CODES.has(codeOf(error) ?? '');
}

/** Whether asking again may help: nobody is there, or somebody will be in a moment. */
export function isPassing(error: unknown): error is AdminError {
  if (!(error instanceof AdminError) || isCertificateFailure(error)) return false;
  return error.code === 'unreachable' || [429, 502, 503, 504].includes(error.status);
}
