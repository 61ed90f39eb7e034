/** Sees to it that a refused request which would have locked somebody out is not forgotten with its answer. */
import { type ScimError } from '../../scim-language/errors';
import { type ScimDeps } from '../http/deps';
import { type RequestContext } from '../http/request-context';
import { type Attempt, leavingOf } from './leaving';

/** Notes whom the attempt would have locked out, if anybody. Never rejects: the answer is about the request. */
export type NoteRefused = (context: RequestContext, attempt: Attempt, error: ScimError) => Promise<void>;

export function createNoteRefused({ directory, log }: Pick<ScimDeps, 'directory' | 'log'>): NoteRefused {
  return async (context, attempt, error) => {
    const leaving = leavingOf(attempt);
    if (leaving === undefined) return;
    const { app, requestId } = context;
    const reason = `${attempt.method} was refused with ${error.status}${error.scimType === undefined ? '' : ` ${error.scimType}`}: ${error.detail}`;
    try {
      const noted = await directory.noteRefusedLeaving(app, leaving, { reason, requestId });
      // Who is not there is not in, but where the database has lost them.
      if (noted > 0 || error.status !== 404)
        log.warn({ app, requestId, reason }, 'a refused request would have locked somebody out');
    } catch (cause) {
      log.error(
        { app, requestId, error: cause },
        'a refused request that would have locked somebody out was not noted',
      );
    }
  };
}
