/** What is known of one SCIM request once its caller is known: handed to everything that serves it. */
import { type Coercion, type Dialect, type Leniency } from '../../scim-language/dialects/dialect';
import { type Caller } from '../access/authenticate';
import { type WriteContext } from '../../store/directory';

export interface RequestContext {
  readonly requestId: string;
  readonly caller: Caller;
  /** Name of the app. */
  readonly app: string;
  /** Base URL as the client wrote its path, below the public URL: `https://…/scim/v2`. */
  readonly baseUrl: string;
  readonly dialect: Dialect;
  /** The dialect, and a counter for this request. */
  readonly leniency: Leniency;
  /** Coercions that this request needed so far. */
  readonly coercions: ReadonlyMap<Coercion, number>;
  /** Each of them with where it was needed: `unknownAttributes shoeSize`. */
  readonly coerced: ReadonlySet<string>;
  /** What the request wrote, for people: `User 2819… changed`. */
  readonly changes: string[];
  /** See `WriteContext`. */
  readonly settles?: boolean;
  /** The trace that the request is part of, as `traceparent` has it. */
  readonly trace: string | undefined;
  /** It writes several times: what that touches is dealt with together. */
  readonly gathers?: boolean;
}

/** Places of coercions that are remembered of one request. */
const MOST_NAMED = 50;

export interface RequestFacts {
  readonly requestId: string;
  readonly caller: Caller;
  readonly baseUrl: string;
  readonly dialect: Dialect;
  readonly trace: string | undefined;
}

export function createRequestContext({ requestId, caller, baseUrl, dialect, trace }: RequestFacts): RequestContext {
  const coercions = new Map<Coercion, number>();
  const coerced = new Set<string>();
  return {
    requestId,
    caller,
    app: caller.app.app,
    baseUrl,
    dialect,
    coercions,
    coerced,
    changes: [],
    trace,
    leniency: {
      dialect,
      counted: (coercion, where) => {
        coercions.set(coercion, (coercions.get(coercion) ?? 0) + 1);
        if (coerced.size < MOST_NAMED) coerced.add(`${coercion} ${where}`);
      },
    },
  };
}

/** Who writes, and why, as the directory wants it. */
export function writeContext(context: RequestContext): WriteContext {
  return {
    app: context.app,
    cause: { actor: 'scim', requestId: context.requestId, token: context.caller.token.name, trace: context.trace },
    gathers: context.gathers === true,
    nestedGroups: context.caller.app.policies.nestedGroups,
    attributes: context.caller.app.attributes,
    ...(context.settles === true ? { settles: true } : {}),
  };
}
