/** The format of the recorded exchanges; their README says what it means. */
export interface Recording {
  readonly name: string;
  readonly server?: {
    readonly apiRateLimitPerMinute?: number;
    readonly licence?: boolean;
    readonly oidc?: boolean;
    readonly oidcAllowSignups?: boolean;
    readonly oidcUserRoleField?: string;
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
  readonly parallel?: number;
  readonly answers?: Readonly<Record<string, number>>;
  /** Name to the top-level field of the answer that gets it. */
  readonly save?: Readonly<Record<string, string>>;
  readonly response?: {
    readonly status: number;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
    readonly signedIn?: boolean;
    readonly text?: string | null;
  };
}
