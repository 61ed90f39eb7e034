/** One person: who the directory says that they are, what they have in Coder and why, and what happened when. */
import { type AuditEntry, type Explanation, type ServedRequest } from '../../contract/admin-api';
import { findPeople } from '../../admin/questions/people';
import { readRequests } from '../../admin/requests';
import { type PageDeps } from '../deps';
import { html, type Html } from '../html';
import { badge, exactTime, nothing, personLink, requestLink } from '../parts/parts';
import { table } from '../parts/table';
import { type Page, type View } from '../view';
import { changeText, resultTone } from './audit-rows';
import { shortPath } from './requests';

const EVENTS = 100;

/** @returns undefined when nobody fits */
export async function person(deps: PageDeps, view: View, id: string): Promise<Page | undefined> {
  const found = await deps.reconciler.explain(id);
  const first = found.find(({ scimId }) => scimId === id) ?? found[0];
  if (first === undefined) return undefined;
  const others = (first.coderUserId === null ? [] : await deps.reconciler.explain(first.coderUserId)).filter(
    other => other.scimId !== first.scimId,
  );
  const [summary] = await findPeople(deps, { text: '', userId: first.scimId, limit: 1 });
  const requests = await readRequests(deps, { app: first.app, about: first.scimId, limit: EVENTS + 1 });
  const audit = await deps.reconciler.audit({ subject: first.scimId, limit: EVENTS + 1 });
  return {
    title: first.userName,
    nav: 'people',
    body: html`${
        first.held !== null &&
        html`<p class="notice warn">
          Held for ${first.held} <a href="${view.base}/decisions">What needs a decision</a>
        </p>`
      }
      <div class="grid">
        <section class="panel">
          <h2>
            In the directory
            ${badge(first.active ? 'good' : 'plain', first.active ? 'active' : (summary?.directory ?? 'inactive'))}
          </h2>
          <dl class="facts">
            <dt>App</dt>
            <dd>${first.app}</dd>
            <dt>userName</dt>
            <dd>${first.userName}</dd>
            <dt>E-mail</dt>
            <dd>${summary?.email ?? 'none'}</dd>
            <dt>SCIM id</dt>
            <dd><code>${first.scimId}</code></dd>
          </dl>
        </section>
        <section class="panel">
          <h2>In Coder ${accountBadge(first, others)}</h2>
          <dl class="facts">
            <dt>Account</dt>
            <dd>${first.coderUsername ?? 'none'}</dd>
            <dt>Coder id</dt>
            <dd>${first.coderUserId === null ? 'none' : html`<code>${first.coderUserId}</code>`}</dd>
            ${
              others.length > 0 &&
              html`<dt>The same account</dt>
                <dd>
                  ${others.map(other => html`<div>${personLink(view, other.userName, other.scimId)} of ${other.app}</div>`)}
                </dd>`
            }
          </dl>
        </section>
      </div>
      <h2>What they should have, and why</h2>
      ${entitlements(first)}
      <h2>What happened</h2>
      ${timeline(view, first.scimId, requests, audit)}`,
  };
}

function accountBadge({ coderUserId, status, active }: Explanation, others: readonly Explanation[]): Html {
  if (coderUserId === null) return badge('plain', 'no account');
  if (status === null) return badge('warn', 'could not be asked');
  if (status === 'suspended') return badge('plain', status);
  if (!active && others.every(other => !other.active)) return badge('bad', `${status}, not locked out`);
  return badge('good', status);
}

function entitlements({ entitlements: all, beside, active }: Explanation): Html {
  if (all.length + beside.length === 0)
    return nothing(
      active ? 'No group of theirs is mapped to anything.' : 'Nothing: the directory says that they are out.',
    );
  return table(
    'Entitlements',
    [{ head: 'What' }, { head: 'Kind' }, { head: 'Organization' }, { head: 'In Coder' }, { head: 'Because of' }],
    [
      ...all.map(entitlement => [
        html`<strong>${entitlement.target}</strong>`,
        entitlement.kind.replace('-', ' '),
        entitlement.organization ?? '',
        entitlement.present === null
          ? badge('plain', 'not known')
          : entitlement.present
            ? badge('good', 'has it')
            : badge('bad', 'missing'),
        entitlement.because.map(
          ({ idpGroup, mapping }) => html`<div>${idpGroup} <span class="because">${mapping}</span></div>`,
        ),
      ]),
      ...beside.map(({ kind, organization, target }) => [
        html`<strong>${target}</strong>`,
        kind.replace('-', ' '),
        organization ?? '',
        badge('warn', 'has it'),
        'nothing that gives it: by hand, or not taken yet',
      ]),
    ],
  );
}

function timeline(view: View, scimId: string, requests: readonly ServedRequest[], audit: readonly AuditEntry[]): Html {
  const events = [
    ...requests.map(request => ({
      at: request.at,
      tone: request.status < 400 ? 'plain' : 'bad',
      text: html`<strong>${request.method}</strong> ${shortPath(request)}
        <span class="because"
          >answered ${request.status}${request.detail === null ? '' : `, ${request.detail}`};
          ${requestLink(view, request.requestId)}</span
        >`,
    })),
    ...audit.map(entry => ({
      at: entry.at,
      tone: resultTone(entry.result),
      text: html`<strong>${entry.action}</strong> ${entry.target} ${changeText(entry)}
        <span class="because">
          ${entry.result}; by
          ${entry.actor}${entry.token === null ? '' : ` (${entry.token})`}${entry.idpGroup === null ? '' : `, for ${entry.idpGroup}`}
          ${entry.requestId !== null && requestLink(view, entry.requestId)}
        </span>`,
    })),
  ].sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  if (events.length === 0) return nothing('Nothing is kept of them.');
  return html`<ol class="timeline">
      ${events.slice(0, EVENTS).map(event => html`<li class="${event.tone}">${exactTime(event.at)} ${event.text}</li>`)}
    </ol>
    ${
      events.length > EVENTS &&
      html`<p class="hint">
        These are the newest ${EVENTS}; what was changed before is in
        <a href="${view.base}/audit?subject=${encodeURIComponent(scimId)}">the audit trail</a>.
      </p>`
    }`;
}
