/** Why Coder lacks something that the directory states, and what to do about it. */
import { type CoderError } from '../../coder';
import { type untouchable } from './context';

export type HeldReason =
  | 'no-email'
  | 'adoption-refused'
  | 'login-type'
  | 'account-taken'
  | 'unclear-group'
  | 'other-app'
  | 'foreign-domain'
  | 'privileged-account'
  | 're-hire'
  | 'duplicate-account'
  | 'email-unused-account'
  | 'has-workspaces'
  | 'former-owner'
  | NonNullable<ReturnType<typeof untouchable>>
  | 'email-pending'
  | 'drift-reported'
  | 'username-taken'
  | 'refused'
  | 'guard';

/** The person, or a part of what the person should have, waits for something to change. */
export class Held extends Error {
  override readonly name = 'Held';
  constructor(
    /** A HeldReason, or the reason or kind of Coder's refusal. */
    readonly reason: string,
    readonly detail: string,
  ) {
    super(detail);
  }
}

/** The person is out by the directory, and can sign in all the same: somebody has to act. */
export class StillIn extends Held {}

/** Somebody came back as a new object of the directory: an operator is asked about this account. */
export class CameBack extends Held {
  constructor(
    readonly account: string,
    detail: string,
  ) {
    super('re-hire', detail);
  }
}

/** Everything that one person is held for, what is to be told before the rest first: one reason alone is shown. */
export function gravestFirst(held: readonly Held[]): Held[] {
  return [...held].sort((one, other) => gravityOf(other) - gravityOf(one));
}

function gravityOf(held: Held): number {
  if (held instanceof StillIn || held.reason === 'last-owner') return 3;
  // These end by a sign-in, or keep nobody in.
  if (held.reason === 'email-pending') return 1;
  return held.reason === 'has-workspaces' ? 0 : 2;
}

/** A refusal that will be repeated until something changes, as a reason to hold. */
export function heldBy(error: CoderError): Held {
  return new Held(
    error.kind === 'refused' ? (error.reason ?? 'refused') : error.kind,
    error.answer === undefined || error.message.includes(error.answer)
      ? error.message
      : `${error.message}: ${error.answer}`,
  );
}
