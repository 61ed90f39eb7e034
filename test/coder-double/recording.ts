/** The format of the recorded exchanges; their README says what it means. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Recording {
  readonly name: string;
  readonly server?: {
    readonly apiRateLimitPerMinute?: number;
    readonly licence?: boolean;
    readonly oidc?: boolean;
    readonly oidcAllowSignups?: boolean;
    readonly aiGateway?: boolean;
    readonly oidcUserRoleField?: string;
    readonly databaseLocale?: 'C' | 'C.utf8';
    readonly userLimit?: number;
  };
  readonly steps: readonly Step[];
}

export interface Step {
  readonly title: string;
  readonly as?: string | null;
  readonly request?: {
    readonly method: string;
    readonly path: string;
    readonly body?: unknown;
    readonly raw?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly oidcLogin?: { readonly claims: Readonly<Record<string, unknown>>; readonly saveTokenAs?: string };
  /** A template that somebody makes; the double is told to make it. */
  readonly template?: { readonly name: string; readonly organization: string; readonly everyoneMayUse: boolean };
  /** Calls through the AI gateway, as rows of the server's database; the double is told to have seen them. */
  readonly interceptions?: {
    readonly user: string;
    readonly count: number;
    readonly from: string;
    readonly model: string;
    readonly session: string | null;
    readonly prompt: string | null;
    readonly payingGroup?: string;
    readonly costMicrosEach?: number;
  };
  /** One run of the executor that stops and starts workspaces. */
  readonly lifecycle?: true;
  readonly parallel?: number;
  readonly answers?: Readonly<Record<string, number>>;
  /** Name to the field of the answer that gets it, such as `latest_build.id`. */
  readonly save?: Readonly<Record<string, string>>;
  /** The recorder cut the body to the fields that matter. */
  readonly shortened?: true;
  readonly response?: {
    readonly status: number;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signedIn?: boolean;
    readonly text?: string | null;
    readonly transitions?: Readonly<Record<string, string>>;
  };
}

const FOLDER = join(__dirname, '..', 'fixtures', 'coder-contract');

export const recordingFiles = readdirSync(FOLDER).filter(file => file.endsWith('.json'));

function textOf(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8');
}

export function readRecording(file: string): Recording {
  return JSON.parse(textOf(file)) as Recording;
}

/** Newer recordings keep Go's zero time as it is, so that there a placeholder for a time never stands for it. */
export function tellsNever(file: string): boolean {
  return textOf(file).includes('"0001-01-01T00:00:00Z"');
}
