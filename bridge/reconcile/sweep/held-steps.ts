/** Steps that the guard has stopped already, and that wait for an operator: a sweep that finds them still to be made has found nothing. Pure. */
import { type Context } from '../decide/context';
import { type Entitlement } from '../decide/entitlement';
import { sayGain, sayRemoval } from '../decide/entitlement-text';
import { type GuardedGain, type Removal } from '../decide/plan';
import { type Step } from '../decide/steps';

/** @param changes what is held of the person, in words, as the hold has it */
export function isHeldStep(context: Context, step: Step, changes: readonly string[]): boolean {
  // Whoever may not be let in again gets nothing either.
  if (changes.includes(sayGain(context, { kind: 'activation' }))) return true;
  const { lost, gained } = effectOf(step);
  return (
    lost.length + gained.length > 0 &&
    lost.every(removal => changes.includes(sayRemoval(context, removal))) &&
    gained.every(gain => changes.includes(sayGain(context, gain)))
  );
}

function effectOf(step: Step): { readonly lost: readonly Removal[]; readonly gained: readonly GuardedGain[] } {
  switch (step.kind) {
    case 'activate':
      return { lost: [], gained: [{ kind: 'activation' }] };
    case 'suspend':
    case 'delete':
      return { lost: [{ kind: 'account', deletes: step.kind === 'delete' }], gained: [] };
    case 'site-roles':
      return difference(step, target => ({ kind: 'site-role', organization: '', target }));
    case 'organization-roles':
      return difference(step, target => ({ kind: 'organization-role', organization: step.organization, target }));
    case 'organization-add':
      return { lost: [], gained: [{ kind: 'organization', organization: step.organization, target: '' }] };
    case 'organization-remove':
      return { lost: [{ kind: 'organization', organization: step.organization, target: '' }], gained: [] };
    case 'group-add':
      return { lost: [], gained: [{ kind: 'group', organization: step.organization, target: step.group }] };
    case 'group-remove':
      return { lost: [{ kind: 'group', organization: step.organization, target: step.group }], gained: [] };
  }
}

function difference(
  { before, after }: { readonly before: readonly string[]; readonly after: readonly string[] },
  of: (target: string) => Entitlement,
): { readonly lost: readonly Removal[]; readonly gained: readonly GuardedGain[] } {
  return {
    lost: before.filter(role => !after.includes(role)).map(of),
    gained: after.filter(role => !before.includes(role)).map(of),
  };
}
