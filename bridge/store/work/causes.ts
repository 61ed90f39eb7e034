/**
 * Why something is in the queue, or held, as text: one cause a line, as JSON, the newest first. What a request asked for and is not
 * done keeps its place beside what came later, so that the guard still counts it as one plan.
 */
import { type Expression, type RawBuilder, sql } from 'kysely';
import { type Db, readJson } from '../database/database';
import { listed } from '../database/listed';

/** What the queue knows of the reason: shown in status and written to the audit trail. */
export interface Cause {
  readonly actor: 'scim' | 'declaration' | 'sweep' | 'operator' | 'bridge';
  readonly requestId?: string | undefined;
  /** Name of the SCIM token or admin credential, or of who signed in. */
  readonly token?: string | undefined;
  /** The trace that it came with, as the header `traceparent` has it. */
  readonly trace?: string | undefined;
}

const LINE = '\n';
/** More than the causes of any day; what is older is forgotten. */
const LONGEST = 6_000;

export function causeText(causes: readonly string[]): string {
  return [...new Set(causes)].join(LINE);
}

/** The causes of a text, each as JSON. */
export function causesIn(text: string | null | undefined): string[] {
  return (text ?? '').split(LINE).filter(line => line.startsWith('{') && line.endsWith('}'));
}

/** What a cause says of what it queued: that this person leaves, or that this app was declared, or deleted, by it. */
export type Mark = 'leaves' | 'declares';

type Line = Cause & { readonly [Name in Mark]?: true };

export const causeLine = (cause: Cause, mark?: Mark): string =>
  JSON.stringify(mark === undefined ? cause : ({ ...cause, [mark]: true } satisfies Line));

/** The cause of a line. */
export function causeOf(line: string): Cause {
  const { leaves: _, declares: __, ...cause } = readJson(line) as Line;
  return cause;
}

/** Who declared, or deleted, the app last of which something is not dealt with yet, whoever woke it since; undefined: nobody did. */
export function declaringCause(lines: readonly string[]): Cause | undefined {
  const line = lines.find(text => (readJson(text) as Line).declares === true);
  return line === undefined ? undefined : causeOf(line);
}

/** Whether a request of an identity provider is the cause. */
export const isRequest = (line: string): boolean => causeOf(line).actor === 'scim';

/**
 * Those that say that the person leaves; all where none is known to. Leavers are one plan where one request says it of them: not where something
 * else, of which nothing is done yet, is about all of them as well.
 */
export function leavingCauses(lines: readonly string[]): readonly string[] {
  const leaving = lines.filter(line => (readJson(line) as Line).leaves === true);
  return leaving.length === 0 ? lines : leaving;
}

/** On conflict in `work`: the new cause, and below it those that are there already. */
export const withEarlierCauses = sql<string>`case when work.cause is null or work.cause = excluded.cause then excluded.cause
  else substr(excluded.cause || ${sql.lit(LINE)} || replace(work.cause, excluded.cause, ''), 1, ${sql.lit(LONGEST)}) end`;

/** Without the causes that a piece of work was claimed with: they are dealt with. */
export function withoutCauses(text: string): RawBuilder<string> {
  return sql<string>`replace(cause, ${LINE + text}, '')`;
}

/** Whether a column names one of these causes. Nearly always there is one alone on either side. */
export function names(db: Db, column: RawBuilder<unknown>, causes: Expression<readonly string[]>): RawBuilder<boolean> {
  const own = sql`select value from (${listed(db, causes)}) as own`;
  return sql<boolean>`(${column} in (${own}) or (${column} like ${sql.lit(`%${LINE}%`)}
    and exists (${own} where replace(${column}, own.value, '') <> ${column})))`;
}
