/** What an operator decides on the page: the verbs of the admin API, after a typed confirmation and with a reason where much hangs on it. */
import { type Request, type Router } from 'express';
import * as z from 'zod';
import { dismissRefused } from '../admin/dismiss';
import { setDebugWindow } from '../admin/requests';
import { sweepNow } from '../admin/sweep';
import { callerOf } from '../http/caller';
import { Refusal } from '../http/refusal';
import { HoldChanged } from '../reconcile';
import { type PageDeps } from './deps';
import { type Notices } from './notices';

const Reason = z.string().trim().min(1, 'a reason is wanted').max(1_000);
const Release = z.object({ confirm: z.string().trim(), reason: Reason });
/** Empty where nothing is pending, and an operator goes on without Coder's audit log. */
const EndRecovery = Release.extend({ since: z.union([z.literal('').transform(() => null), z.iso.datetime()]) });
const Answer = z.object({
  answer: z.enum(['keep', 'replace']),
  account: z.string().min(1).max(200).optional(),
  reason: Reason,
});
const Dismiss = z.object({
  who: z.string().min(1).max(500),
  times: z.coerce.number().int().min(1),
  since: z.iso.datetime(),
  reason: Reason,
});
const Retry = z.object({ key: z.string().min(1).max(200).optional() });
const Debug = z.object({ minutes: z.coerce.number().int().min(0).max(60) });

/** @param router behind the session and the proof of the form */
export function addDecisions(router: Router, deps: PageDeps, notices: Notices): void {
  const { reconciler } = deps;
  router.post('/decisions/holds/:id/release', async (request, response) => {
    const { confirm, reason } = read(Release, request);
    const { id } = request.params;
    const hold = await reconciler.hold(id);
    if (hold === undefined)
      throw new HoldChanged(`hold ${JSON.stringify(id)} is not open any more: nothing was released`);
    if (confirm !== String(hold.people))
      throw new Refusal(
        400,
        'not_confirmed',
        `the confirmation is ${JSON.stringify(confirm)}: wanted ${hold.people}, the number of people; nothing was released`,
      );
    await reconciler.releaseHold(id, { by: callerOf(response).name, reason });
    notices.done(response, '/decisions', 'released');
  });
  router.post('/decisions/recovery/end', async (request, response) => {
    const { confirm, reason, since } = read(EndRecovery, request);
    if (confirm !== 'go on')
      throw new Refusal(
        400,
        'not_confirmed',
        `the confirmation is ${JSON.stringify(confirm)}: wanted "go on"; nothing was ended`,
      );
    const { ended } = await reconciler.endRecovery({ by: callerOf(response).name, reason }, since);
    notices.done(response, '/decisions', ended ? 'recovery-ended' : 'recovery-none');
  });
  router.post('/decisions/re-hires/:user', async (request, response) => {
    const { answer, account, reason } = read(Answer, request);
    await reconciler.answerReHire(request.params.user, { answer, account }, { by: callerOf(response).name, reason });
    notices.done(response, '/decisions', 'answered');
  });
  router.post('/decisions/refused/:app', async (request, response) => {
    const { who, times, since, reason } = read(Dismiss, request);
    await dismissRefused(deps, request.params.app, { who, times, since }, { by: callerOf(response).name, reason });
    notices.done(response, '/decisions', 'dismissed');
  });
  router.post('/decisions/retry', async (request, response) => {
    await reconciler.retry(read(Retry, request).key, { by: callerOf(response).name });
    notices.done(response, '/decisions', 'retried');
  });
  router.post('/drift/sweep', async (_request, response) => {
    await sweepNow(deps, undefined, { by: callerOf(response).name });
    notices.done(response, '/drift', 'swept');
  });
  router.post('/requests/:app/debug', async (request, response) => {
    const { minutes } = read(Debug, request);
    const { app } = request.params;
    await setDebugWindow(deps, app, minutes * 60_000, { by: callerOf(response).name });
    const done = minutes === 0 ? 'bodies-forgotten' : 'bodies-kept';
    notices.done(response, `/requests?app=${encodeURIComponent(app)}`, done);
  });
}

/** @throws Refusal 400 with the field that is wrong */
function read<T extends z.ZodType>(shape: T, { body }: Request): z.output<T> {
  const result = shape.safeParse(body ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new Refusal(
    400,
    'invalid_form',
    `${issue?.path.join('.') ?? 'the form'}: ${issue?.message ?? 'is not as wanted'}; nothing was done`,
  );
}
