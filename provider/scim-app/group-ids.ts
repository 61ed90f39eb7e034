/**
 * Ids of the Coder groups of an app, by the name of the group mapping: for what hangs on a group, such as a template's
 * access. A group that is not in Coder yet has null, so that the keys are always those of the mappings. Pure.
 */
import { type AppDocument } from '../../bridge/contract/admin-api';
import { isObject, type ObjectValue, type Report, UNKNOWN, Unknown, type Value } from '../plugin';

/** As planned: an id stays known as long as its mapping names the same group, so that what hangs on it is left alone. */
export function plannedGroupIds(planned: ObjectValue, prior: ObjectValue | null): Value {
  const mappings = planned['group_mappings'] ?? null;
  if (mappings instanceof Unknown) return UNKNOWN;
  const before = prior === null ? {} : entriesOf(prior['group_mappings']);
  const ids = prior === null ? {} : entriesOf(prior['group_ids']);
  return Object.fromEntries(
    Object.entries(entriesOf(mappings)).map(([key, mapping]) => [
      key,
      isObject(mapping) && namesTheSame(mapping, own(before, key)) ? (own(ids, key) ?? UNKNOWN) : UNKNOWN,
    ]),
  );
}

function namesTheSame(mapping: ObjectValue, before: Value | undefined): boolean {
  if (!isObject(before)) return false;
  return ['group', 'organization'].every(name => typeof mapping[name] === 'string' && mapping[name] === before[name]);
}

/**
 * As the bridge has them.
 * @param before what is kept where Coder does not answer: state, or what was planned
 */
export function groupIdsOf({ state, groupIds }: AppDocument, before: ObjectValue): { readonly [key: string]: Value } {
  const kept = entriesOf(before['group_ids']);
  const known = (key: string): Value => {
    if (groupIds !== null) return own(groupIds, key) ?? null;
    const id = own(kept, key) ?? null;
    return id instanceof Unknown ? null : id;
  };
  return Object.fromEntries(Object.keys(state.groupMappings).map(key => [key, known(key)]));
}

/**
 * What an apply may return: Terraform takes nothing but what was planned. An id that became another one in the meantime is
 * told, and is a difference of the next plan.
 */
export function keepPlanned(
  ids: { readonly [key: string]: Value },
  planned: ObjectValue,
  report: Report,
): { readonly [key: string]: Value } {
  const entries = Object.entries(entriesOf(planned['group_ids'])).filter(
    ([key, id]) => typeof id === 'string' && id !== own(ids, key),
  );
  for (const [key] of entries) {
    report.warning(
      `the Coder group of mapping ${JSON.stringify(key)} is another one than when this was planned`,
      'Somebody deleted it in Coder after the plan was made, and it was made again, or is about to be. What hangs on its id, such as the access to a template, has to be given to the new one: run plan and apply again.',
      ['group_ids'],
    );
  }
  return { ...ids, ...Object.fromEntries(entries) };
}

function entriesOf(value: Value | undefined): { readonly [key: string]: Value } {
  return isObject(value) ? value : {};
}

/** A mapping may be named as what every object has, such as `constructor`. */
function own<T>(entries: { readonly [key: string]: T }, key: string): T | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
}
