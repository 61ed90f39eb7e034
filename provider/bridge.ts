/**
 * The bridge as the provider's resources use it: configured late, asked patiently, its refusals told as diagnostics at
 * the attribute at fault.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type * as Client from '../bridge/admin-client/admin-client';
import { AdminError } from '../bridge/admin-client/admin-error';
import { bridgeUrlProblem } from '../bridge/contract/bridge-url';
import { type AppDocument } from '../bridge/contract/admin-api';
import { MappingStateError, type MappingStateIssue } from '../bridge/contract/mapping-state';
import { adminTokenOf, checkedToken } from './admin-token';
import { inAttributeNames, toAttributePath } from './mapping-document';
import { type Diagnostic, ProviderError } from './plugin';
import { PlannedApps } from './scim-app/planned-apps';
import { type Authority, createFetch, isCertificateFailure, isPassing, logged } from './transport';

// The shapes of all answers are behind this: two of a plan's three starts ask nobody.
function load(): typeof Client {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require('../bridge/admin-client/admin-client') as typeof Client;
}

/** Where the bridge is; undefined where neither configuration nor environment says it. */
export interface BridgeSettings {
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** Whether url or token come from something that does not exist yet. */
  readonly unknown: boolean;
  /** How long to ask again when nobody answers. */
  readonly waitSeconds: number;
  readonly fetch: typeof fetch;
}

export class Bridge {
  /** What this run plans at this bridge. */
  readonly planned = new PlannedApps();

  private listed: Promise<readonly AppDocument[] | undefined> | undefined;

  constructor(private readonly settings: BridgeSettings) {}

  /** Whether its address or credential will be known after apply only. */
  get isUnknown(): boolean {
    return this.settings.unknown;
  }

  /** What has to be set before it can be asked; undefined when nothing has. */
  missing(): string | undefined {
    if (this.settings.url === undefined) {
      return 'Set url in the provider block, or CODER_SCIM_URL where Terraform runs, to the base URL of the bridge such as https://scim.example.com.';
    }
    if (this.settings.token === undefined) {
      return 'Set CODER_SCIM_ADMIN_TOKEN or CODER_SCIM_ADMIN_TOKEN_FILE where Terraform runs, or admin_token in the provider block to a sensitive variable.';
    }
    return undefined;
  }

  /**
   * Asks, and asks again while the bridge is starting or restarting, up to the configured time.
   * @throws AdminError for an answer that asking again would not change, ProviderError without settings, AbortError on interruption
   */
  async ask<T>(signal: AbortSignal, call: (client: Client.AdminClient, attempt: number) => Promise<T>): Promise<T> {
    const client = this.client();
    const until = Date.now() + this.settings.waitSeconds * 1000;
    for (let attempt = 1, pause = 250; ; attempt++, pause = Math.min(pause * 2, 3_000)) {
      try {
        return await call(client, attempt);
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error)) throw error;
        if (Date.now() + pause > until) throw afterAttempts(error, attempt, this.settings.waitSeconds);
        await sleep(pause, undefined, { signal });
      }
    }
  }

  /** Asks once, whatever comes of it. @param timeoutMs how long the answer may take; default: the client's own patience */
  async askOnce<T>(call: (client: Client.AdminClient) => Promise<T>, timeoutMs?: number): Promise<T> {
    return call(this.client(timeoutMs));
  }

  /** The apps that the bridge has, asked once a run and once only; undefined when it does not say. */
  appsAtStart(signal: AbortSignal): Promise<readonly AppDocument[] | undefined> {
    this.listed ??= this.askOnce(bridge => bridge.listApps(AbortSignal.any([signal, AbortSignal.timeout(5_000)]))).then(
      ({ apps }) => apps,
      () => undefined,
    );
    return this.listed;
  }

  private client(timeoutMs?: number): Client.AdminClient {
    const { url, token, unknown } = this.settings;
    if (unknown) {
      throw new ProviderError(
        'the address or credential of the bridge is not known yet',
        'They come from a resource that this plan would create or change, and the state of an app has to be read before. Apply that resource first (terraform apply -target=…), or give the provider a url that is known.',
      );
    }
    if (url === undefined || token === undefined) {
      throw new ProviderError(
        `the ${url === undefined ? 'address' : 'admin token'} of the bridge is missing`,
        this.missing(),
      );
    }
    const { AdminClient } = load();
    return new AdminClient({
      url,
      token,
      fetch: this.settings.fetch,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }
}

/**
 * Settings from configuration, and where it says nothing from the environment.
 * @throws ProviderError when the address is none, or the token can not be read or is none
 */
export function readSettings(
  given: {
    readonly url: string | null;
    readonly token: string | null;
    readonly unknown: boolean;
    readonly waitSeconds: number;
    readonly authority: Authority;
  },
  environment: NodeJS.ProcessEnv,
): BridgeSettings {
  return {
    url: checkedUrl(given.url, environment['CODER_SCIM_URL'] || undefined),
    token: given.token === null ? adminTokenOf(environment) : checkedToken(given.token, 'admin_token', ['admin_token']),
    unknown: given.unknown,
    waitSeconds: given.waitSeconds,
    fetch: logged(createFetch(authorityOf(given.authority, environment), environment)),
  };
}

/** Checked here as well as at validate, which sees neither the environment nor what a variable holds. */
function checkedUrl(given: string | null, named: string | undefined): string | undefined {
  const url = given ?? named;
  const problem = url === undefined ? undefined : bridgeUrlProblem(url);
  if (problem === undefined) return url;
  throw given === null
    ? new ProviderError('CODER_SCIM_URL is no address of a bridge', `It ${problem}`)
    : new ProviderError('url is no address of a bridge', problem, ['url']);
}

function authorityOf({ file, pem }: Authority, environment: NodeJS.ProcessEnv): Authority {
  const named = environment['CODER_SCIM_CA_FILE'] || undefined;
  return { file: file ?? (pem === undefined ? named : undefined), pem };
}

function afterAttempts(error: AdminError, attempts: number, seconds: number): AdminError {
  const tries = attempts === 1 ? 'once' : `${attempts} times in ${seconds} seconds`;
  return new AdminError(error.code, `${error.message} (asked ${tries})`, error.status, error.issues, error.generation, {
    cause: error,
  });
}

/** What a failed call to the bridge means to the person at the terminal. What is not of the bridge passes as it is. */
export function explainRefusal(error: unknown, doing: string): unknown {
  if (error instanceof MappingStateError) return new ProviderError(error.issues.map(issueDiagnostic));
  if (!(error instanceof AdminError)) return error;
  if (error.issues.length > 0) return new ProviderError(error.issues.map(issueDiagnostic));
  if (isCertificateFailure(error)) {
    return new ProviderError(
      'the certificate of the bridge is not trusted',
      `${error.message}\n\nIt was not asked again: that changes nothing. Where a private authority signed the certificate, set ca_file or ca_pem of the provider (or CODER_SCIM_CA_FILE, or NODE_EXTRA_CA_CERTS, where Terraform runs) to the certificate of that authority. Where the name is wrong or the time is over, the bridge needs another certificate.`,
    );
  }
  if (error.status === 401 || error.status === 403) {
    return new ProviderError(
      'the bridge refuses the admin token',
      `${error.message}\n\nThe token comes from admin_token of the provider, and without it from CODER_SCIM_ADMIN_TOKEN or CODER_SCIM_ADMIN_TOKEN_FILE. Wanted a credential of the bridge that has the scope for this and has not expired: \`coder-scim admin-token list\` names them.`,
    );
  }
  const next =
    error.code === 'unreachable'
      ? '\n\nNothing was changed, as far as can be told from here. Is the bridge running, and is url (or CODER_SCIM_URL) its address as seen from where Terraform runs? `curl <url>/healthz` shows it.'
      : '';
  return new ProviderError(`could not ${doing}`, `${error.message}${next}`);
}

/** A mistake in a document, at its attribute. */
export function issueDiagnostic({ path, message }: MappingStateIssue): Diagnostic {
  return {
    severity: 'error',
    summary: 'the mapping state is refused',
    detail: inAttributeNames(message),
    path: toAttributePath(path),
  };
}
