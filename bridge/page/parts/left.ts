/** What of an app is left to do, and who of it left and may still be in. */
import { type AppStatus, type EndingApp } from '../../contract/admin-api';
import { html, type Html } from '../html';
import { type View } from '../view';
import { badge, number, time } from './parts';

/** `30 waiting, 2 held`; empty when nothing is. */
export function leftText(app: Pick<AppStatus, 'waiting' | 'held' | 'parked' | 'refused'>): string {
  return (['waiting', 'held', 'parked', 'refused'] as const)
    .flatMap(state => (app[state] > 0 ? [`${number(app[state])} ${state}`] : []))
    .join(', ');
}

/** A line of facts about an app. */
export function leaversFact(view: View, leavers: AppStatus['leavers']): Html | false {
  if (leavers.length === 0) return false;
  return html`<dt>Leavers</dt>
    <dd>
      ${badge('bad', 'not known to be locked out')}
      ${leavers.map(
        ({ state, people, since }) => html`<div>${number(people)} ${state}, the first left ${time(view, since)}</div>`,
      )}
    </dd>`;
}

/** An app that was removed, for as long as something of it is in Coder. */
export function endingPanel(view: View, ending: EndingApp): Html {
  const left = leftText(ending);
  return html`<section class="panel" aria-label="app ${ending.app}, removed">
    <h2>${ending.app} ${badge('bad', `removed, not gone${left === '' ? '' : `: ${left}`}`)}</h2>
    <p>
      Its tokens work no more. What it gave in Coder is being taken back; what keeps it is in
      <code>coder-scim status</code>.
    </p>
    ${ending.leavers.length > 0 && html`<dl class="facts">${leaversFact(view, ending.leavers)}</dl>`}
  </section>`;
}
