/** A line of the audit trail with its long texts cut: for a place that takes it no other way. */
import { type SealedRecord } from '../../store/audit/chain';

/** Characters that stay of a text. */
const KEPT = 200;

/** A pair of UTF-16 that is cut in two. */
const HALF_AT_END = /[\uD800-\uDBFF]$/;

/** The texts that may be long; who, what, when and the line's number and hash stay as they are. */
const LONG_TEXTS = ['subject_name', 'target', 'idp_group', 'before', 'after', 'detail'] as const;

/** @returns undefined where nothing of it is long: cut, it would be the same */
export function withTextsCut(line: SealedRecord): SealedRecord | undefined {
  const cut = LONG_TEXTS.flatMap(name => {
    const text = line[name];
    return text !== null && text.length > 2 * KEPT
      ? [[name, `${text.slice(0, KEPT).replace(HALF_AT_END, '')}… (cut: ${text.length} characters)`] as const]
      : [];
  });
  return cut.length === 0 ? undefined : { ...line, ...Object.fromEntries(cut) };
}
