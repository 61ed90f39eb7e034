/** What the identity provider sent, what it was answered, and why something was refused. */
import { type ServedRequest } from '../../contract/admin-api';
import { readRequests } from '../../admin/requests';
import { lastRefusedCaller } from '../../store/requests/requests';
import { type PageDeps } from '../deps';
import { html, type Html } from '../html';
import { postForm, selectField } from '../parts/form';
import { badge, exactTime, nothing, requestLink } from '../parts/parts';
import { table } from '../parts/table';
import { mayOperate, type Page, type View } from '../view';

const SHOWN = 100;

/** The path below the app's address: the app stands beside it. */
export function shortPath({ app, path }: Pick<ServedRequest, 'app' | 'path'>): string {
  const below = path.replace(`/apps/${app}/scim/v2`, '').replace(/^\/scim\/v2/, '');
  return below === '' ? '/' : below;
}

export async function requests(deps: PageDeps, view: View, query: URLSearchParams): Promise<Page> {
  const apps = (await deps.reconciler.status()).apps.map(app => app.app);
  const app = apps.includes(query.get('app') ?? '') ? (query.get('app') ?? '') : '';
  const refused = query.get('refused') === 'true';
  const before = /^\d{1,15}$/.test(query.get('before') ?? '') ? Number(query.get('before')) : undefined;
  const found = await readRequests(deps, { app: app === '' ? undefined : app, refused, before, limit: SHOWN + 1 });
  const shown = found.slice(0, SHOWN);
  const strangers = await Promise.all((app === '' ? apps : [app]).map(name => refusedCaller(deps, name)));
  const last = found.length > SHOWN ? shown.at(-1) : undefined;
  const older = new URLSearchParams({ app, ...(refused ? { refused: 'true' } : {}), before: String(last?.id ?? '') });
  return {
    title: 'Requests',
    nav: 'requests',
    body: html`<form class="filter" method="get" action="${view.base}/requests" role="search" aria-label="requests">
        ${selectField('app', 'app', 'App', [['', 'every app'], ...apps.map(name => [name, name] as const)], app)}
        ${selectField(
          'refused',
          'refused',
          'Answer',
          [
            ['', 'any'],
            ['true', 'refused alone'],
          ],
          refused ? 'true' : '',
        )}
        <button class="main">Filter</button>
      </form>
      ${strangers}
      ${
        shown.length === 0
          ? nothing(none(refused, before))
          : table(
              'Requests',
              [
                { head: 'When (UTC)' },
                { head: 'App', nowrap: true },
                { head: 'Request' },
                { head: 'Answer' },
                { head: 'What came of it' },
                { head: 'ms', numeric: true },
              ],
              shown.map(request => [
                exactTime(request.at),
                request.app,
                html`<code>${request.method} ${shortPath(request)}</code>
                  <div class="because">token ${request.token}, ${requestLink(view, request.requestId)}</div>`,
                badge(request.status < 400 ? 'good' : 'bad', String(request.status)),
                whatCame(view, request),
                request.milliseconds,
              ]),
            )
      }
      ${last !== undefined && html`<p><a class="button" href="${view.base}/requests?${older.toString()}">Older</a></p>`}
      ${mayOperate(view) && app !== '' && debugPanel(view, app)}`,
  };
}

function none(refused: boolean, before: number | undefined): string {
  if (before !== undefined) return refused ? 'Nothing older was refused.' : 'No older request is kept.';
  return refused ? 'Nothing was refused.' : 'No request has come yet, or none is kept (CODER_SCIM_REQUEST_LOG).';
}

/** Who shows no credential of the app is none of its requests, and the commonest reason why nothing arrives. */
async function refusedCaller({ database }: PageDeps, app: string): Promise<Html | false> {
  const refused = await lastRefusedCaller(database.db, app);
  if (refused === undefined) return false;
  return html`<p class="notice warn">
    ${exactTime(new Date(refused.at).toISOString())} somebody came to the address of ${app} and was refused:
    ${refused.reason}
  </p>`;
}

function whatCame(view: View, { scimType, detail, changes, coercions, body }: ServedRequest): Html {
  return html`${detail !== null && html`<div>${scimType !== null && html`<strong>${scimType}</strong> `}${detail}</div>`}
  ${changes.map(change => html`<div>${changed(view, change)}</div>`)}
  ${coercions.length > 0 && html`<div class="because">understood: ${coercions.join(', ')}</div>`}
  ${
    body !== null &&
    html`<details>
      <summary>Body</summary>
      <pre>${body}</pre>
    </details>`
  }`;
}

/** `User 2819… changed`, with the way to the person. */
function changed({ base }: View, change: string): Html {
  const [, id, done] = /^User (\S+) (.+)$/.exec(change) ?? [];
  if (id === undefined || done === undefined) return html`${change}`;
  return html`<a href="${base}/people/${encodeURIComponent(id)}">User ${id}</a> ${done}`;
}

function debugPanel(view: View, app: string): Html {
  return html`<section class="panel">
    <h2>Bodies of ${app}</h2>
    <p>
      For a while the bodies of its requests can be kept, without passwords and secrets, to see what the identity
      provider sends. They are personal data: stop when you have seen enough.
    </p>
    <div class="actions">
      ${postForm(view, `/requests/${encodeURIComponent(app)}/debug`, html`<button name="minutes" value="15">Keep bodies for 15 minutes</button>`, 'keep bodies')}
      ${postForm(view, `/requests/${encodeURIComponent(app)}/debug`, html`<button name="minutes" value="0">Stop and forget them</button>`, 'forget bodies')}
    </div>
  </section>`;
}
