/** Whether Coder answers and takes the bridge's token: asked when somebody wants to know, remembered for a moment. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CoderClient } from '../coder';

export interface CoderState {
  readonly url: string;
  readonly reachable: boolean;
  readonly version: string | null;
  /** Username of the bridge's own account. */
  readonly account: string | null;
  readonly credentialExpiresAt: string | null;
  /** What is wrong, in a sentence. */
  readonly problem: string | null;
}

export interface CoderProbe {
  state(): Promise<CoderState>;
}

export interface CoderProbeOptions {
  readonly url: string;
  readonly coder: Pick<CoderClient, 'whoami' | 'capabilities'>;
  /** When the token in use expires (RFC 3339); undefined when that is not known. */
  readonly expiresAt: () => Promise<string | undefined>;
  readonly clock: () => number;
  /** @default 10 seconds */
  readonly rememberMs?: number;
  /** A failure is asked about again sooner. @default 1 second */
  readonly rememberFailureMs?: number;
  /** Longest wait for Coder's answer. @default 3 seconds */
  readonly timeoutMs?: number;
}

export function createCoderProbe(options: CoderProbeOptions): CoderProbe {
  const { rememberMs = 10_000, rememberFailureMs = 1_000, timeoutMs = 3_000 } = options;
  let known: { readonly state: CoderState; readonly until: number } | undefined;
  let asking: Promise<CoderState> | undefined;

  async function ask(): Promise<CoderState> {
    const silence = new AbortController();
    const late = sleep(timeoutMs, undefined, { signal: silence.signal }).then(
      () => failure(options.url, `Coder did not answer within ${timeoutMs / 1_000} s`),
      () => failure(options.url, 'not asked'),
    );
    const state = await Promise.race([read(options), late]);
    silence.abort();
    known = { state, until: options.clock() + (state.problem === null ? rememberMs : rememberFailureMs) };
    return state;
  }

  return {
    state() {
      const now = options.clock();
      // A clock that went back must not make an old answer last.
      if (known !== undefined && now < known.until && known.until - now <= rememberMs)
        return Promise.resolve(known.state);
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
  };
}

async function read({ url, coder, expiresAt }: CoderProbeOptions): Promise<CoderState> {
  let version: string | null = null;
  try {
    ({ version } = await coder.capabilities());
    const { user } = await coder.whoami();
    const credentialExpiresAt = (await expiresAt().catch(() => undefined)) ?? null;
    return { url, reachable: true, version, account: user.username, credentialExpiresAt, problem: null };
  } catch (error) {
    const { status } = error as { status?: number };
    const message = error instanceof Error ? error.message : String(error);
    // An answer, even a refusal, means that Coder is there.
    return { ...failure(url, message), reachable: typeof status === 'number' && status < 500, version };
  }
}

function failure(url: string, problem: string): CoderState {
  return { url, reachable: false, version: null, account: null, credentialExpiresAt: null, problem };
}
