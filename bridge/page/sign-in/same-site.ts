/** Whether a form was sent by the page itself: other sites can send one with the browser's cookies. */
import { timingSafeEqual } from 'node:crypto';
import { type Request } from 'express';
import { Refusal } from '../../http/refusal';

/** @throws Refusal 403 when the browser says that another site sent it */
export function refuseOtherSites(request: Request, publicUrl: string): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const ours =
    origin === undefined ||
    origin === new URL(publicUrl).origin ||
    (URL.canParse(origin) && new URL(origin).host === host);
  if (ours && (site === undefined || site === 'same-origin' || site === 'none')) return;
  throw new Refusal(
    403,
    'other_site',
    `the form came from ${JSON.stringify(origin ?? site)}: wanted this page at ${publicUrl} (CODER_SCIM_PUBLIC_URL)`,
  );
}

/** @throws Refusal 403 when the form does not carry the proof of this session */
export function refuseForeignForm(stated: unknown, csrf: string): void {
  const shown = Buffer.from(typeof stated === 'string' ? stated : '');
  const wanted = Buffer.from(csrf);
  if (shown.length === wanted.length && timingSafeEqual(shown, wanted)) return;
  throw new Refusal(
    403,
    'stale_form',
    'the form belongs to another session: load the page again, and nothing was done',
  );
}
