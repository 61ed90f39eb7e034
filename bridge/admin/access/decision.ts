import { type Response } from 'express';
import { callerOf } from '../../http/caller';
import { type Decision } from '../../reconcile';

/** Who decides by this request: the name of what was shown; what the body says of who and why comes beside it. */
export function decisionOf(
  response: Response,
  { by, reason }: { readonly by?: string | undefined; readonly reason?: string | undefined } = {},
): Decision {
  return { by: callerOf(response).name, says: by, reason };
}
