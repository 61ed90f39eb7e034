/** A dialect with the named coercions, and what it counted. */
import { type Coercion, type Leniency, strict } from '../../bridge/scim-language/dialects/dialect';

export function lenient(
  ...coercions: Coercion[]
): Required<Omit<Leniency, 'ahead'>> & { readonly count: [Coercion, string][] } {
  const count: [Coercion, string][] = [];
  return {
    dialect: {
      ...strict,
      name: 'test',
      coercions: coercions.map(coercion => ({ coercion, description: '', fixture: '' })),
    },
    counted: (coercion, where) => count.push([coercion, where]),
    count,
  };
}

/** The document without the null prototypes, for comparison. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

/** The SCIM error that a function throws, as status and scimType, with its detail. */
export function refusal(run: () => unknown): { status: number; scimType: string | undefined; detail: string } {
  try {
    const value = run();
    throw new Error(`not refused, gave ${JSON.stringify(value)}`);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ScimError') throw error;
    const { status, scimType, detail } = error as unknown as {
      status: number;
      scimType: string | undefined;
      detail: string;
    };
    return { status, scimType, detail };
  }
}

/** Matchers without a type, for places where a value of any type may stand. */
export const containing = (part: string): unknown => expect.stringContaining(part);
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
export const some = (type: unknown): unknown => expect.any(type);
