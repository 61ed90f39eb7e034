/** The attributes of `coderscim_app`: those of a mapping state, and how Terraform is to go about it. */
import { DURATION_WANTED, parseDuration } from '../../bridge/contract/duration';
import { mappingAttributes } from '../mapping-attributes';
import { bool, isObject, map, nested, number, type Report, string, type Value } from '../plugin';

/** How long an operation waits for Coder where configuration does not say. */
export const DEFAULT_TIMEOUTS = { create: '30s', update: '30s', delete: '5m' } as const;
export type Operation = keyof typeof DEFAULT_TIMEOUTS;

const timeout = (description: string) => string({ description, optional: true });

export const attributes = {
  ...mappingAttributes,
  name: string({
    description: 'name of the app: part of its URL; lower-case letters, digits and single hyphens',
    required: true,
    replace: true,
  }),
  deletion_protection: bool({
    description:
      'refuse to delete or replace the app while it has people; to end it, set this to false, apply, and destroy then; default true',
    optional: true,
    computed: true,
    default: true,
  }),
  timeouts: nested(
    {
      create: timeout(`how long to wait for Coder to agree after a create; default "${DEFAULT_TIMEOUTS.create}"`),
      update: timeout(`the same after an update; default "${DEFAULT_TIMEOUTS.update}"`),
      delete: timeout(
        `how long to wait until nothing of a deleted app is left in Coder; default "${DEFAULT_TIMEOUTS.delete}"`,
      ),
    },
    { description: 'durations such as "30s", "5m" or "1h30m"', optional: true },
  ),
  scim_base_url: string({ description: 'paste this into the identity provider', computed: true, stable: true }),
  group_ids: map('string', {
    description:
      'id of the Coder group of each group mapping, by name of the mapping; null for a group that is not in Coder yet',
    computed: true,
  }),
  generation: number({ description: 'counts the changes of the app', computed: true }),
};
export type App = typeof attributes;

/** Milliseconds to wait. @param timeouts value of the attribute */
export function timeoutOf(timeouts: Value | undefined, operation: Operation): number {
  const said = isObject(timeouts) ? timeouts[operation] : null;
  return parseDuration(typeof said === 'string' ? said : DEFAULT_TIMEOUTS[operation]) ?? 0;
}

/** Reports each timeout that is no duration. */
export function checkTimeouts(timeouts: Value | undefined, report: Report): void {
  for (const [operation, said] of Object.entries(isObject(timeouts) ? timeouts : {})) {
    if (typeof said !== 'string' || parseDuration(said) !== undefined) continue;
    report.error('a timeout is no duration', `Got ${JSON.stringify(said)}, ${DURATION_WANTED}.`, [
      'timeouts',
      operation,
    ]);
  }
}
