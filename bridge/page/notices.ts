/**
 * What was just done, told once, and to who did it: the answer to a form brings it as a cookie, which the page that is shown next takes
 * away. An address alone, sent by somebody else or loaded again, says nothing of the kind.
 */
import { type Request, type Response } from 'express';
import { readCookie } from './sign-in/cookies';

const NOTICES = {
  released: 'Released: the changes are being made.',
  'recovery-ended': 'The recovery is over: the bridge gives and takes again, and compares everything with Coder.',
  'recovery-none': 'Nothing was to be ended: the bridge gives and takes.',
  answered: 'Answered: the person is being dealt with.',
  dismissed: 'Dismissed: it waits no more.',
  retried: 'Queued again.',
  swept: 'Compared with Coder: what was found is below, and in the audit trail.',
  'bodies-kept': 'Bodies of requests are kept for 15 minutes.',
  'bodies-forgotten': 'Bodies are not kept any more, and forgotten.',
} as const;

type Done = keyof typeof NOTICES;

/** Until the page that tells it is loaded. */
const KEPT_MS = 60_000;

export interface Notices {
  /** Sends who decided something to the page at `path`, below the base, which says so. */
  done(response: Response, path: string, what: Done): void;
  /** What a page is to say; it is said no more then. */
  take(request: Request, response: Response, what: string | null): string | undefined;
}

export function createNotices(publicUrl: string, base: string): Notices {
  const secure = publicUrl.startsWith('https://');
  const name = secure ? '__Secure-coder-scim-done' : 'coder-scim-done';
  const options = { path: base, httpOnly: true, sameSite: 'lax', secure } as const;
  return {
    done(response, path, what) {
      response.cookie(name, what, { ...options, maxAge: KEPT_MS });
      response.redirect(303, `${base}${path}${path.includes('?') ? '&' : '?'}done=${what}`);
    },
    take(request, response, what) {
      if (what === null || !isDone(what) || readCookie(request, name) !== what) return undefined;
      response.clearCookie(name, options);
      return NOTICES[what];
    },
  };
}

function isDone(what: string): what is Done {
  return Object.hasOwn(NOTICES, what);
}
