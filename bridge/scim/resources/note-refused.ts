/** Sees to it that a refused request which would have locked somebody out is not forgotten with its answer. */
import { type ScimError } from '../../scim-language/errors';
import { type ScimDeps } from '../http/deps';
import { type RequestContext } from '../http/request-context';
import { type Leaving } from '../../store/directory';
import { type Attempt, leavingsOf } from './leaving';

/** Notes whom the attempt would have locked out, if anybody. Never rejects: the answer is about the request. */
export type NoteRefused = (context: RequestContext, attempt: Attempt, error: ScimError) => Promise<void>;

export function createNoteRefused({ directory, log }: Pick<ScimDeps, 'directory' | 'log'>): NoteRefused {
  return async (context, attempt, error) => {
    const { app, requestId } = context;
    const leavings = read(attempt, cause =>
      log.error(
        { app, requestId, error: cause },
        'a refused request could not be read: it counts as if it would have locked somebody out',
      ),
    );
    if (leavings.length === 0) return;
    const reason = `${attempt.method} was refused with ${error.status}${error.scimType === undefined ? '' : ` ${error.scimType}`}: ${error.detail}`;
    try {
      let noted = 0;
      for (const leaving of leavings) noted += await directory.noteRefusedLeaving(app, leaving, { reason, requestId });
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

/** Whom it would have locked out. What can not be read for a reason of our own may have meant anybody in what it names. */
function read(attempt: Attempt, failed: (cause: unknown) => void): readonly Leaving[] {
  try {
    return leavingsOf(attempt);
  } catch (cause) {
    failed(cause);
    return leavingsOf({ ...attempt, body: undefined, unread: true });
  }
}
