/** Drift: what a sweep found in Coder that is not as declared, and on demand what would change now. */
import { type AuditEntry, type PlanReport, type Status } from '../../contract/admin-api';
import { readStatus } from '../../admin/status';
import { listApps, readAnyApp } from '../../store/apps/apps';
import { Refusal } from '../../http/refusal';
import { type PageDeps } from '../deps';
import { html, type Html } from '../html';
import { postForm } from '../parts/form';
import { badge, count, exactTime, nothing, number, time } from '../parts/parts';
import { table } from '../parts/table';
import { mayOperate, type Page, type View } from '../view';
import { changeText } from './audit-rows';

const SHOWN = 200;
const CHANGES_SHOWN = 500;

const POLICIES = {
  repair: 'differences are repaired',
  report: 'differences are reported, and left',
  off: 'not looked for',
} as const;

export async function drift(deps: PageDeps, view: View, query: URLSearchParams): Promise<Page> {
  const [status, apps, found] = await Promise.all([
    readStatus(deps),
    listApps(deps.database.db),
    deps.reconciler.audit({ action: 'drift.found', limit: SHOWN + 1 }),
  ]);
  const policies = new Map(apps.map(app => [app.name, app.state.policies.drift]));
  const asked = query.get('plan');
  const app = asked === '' ? undefined : (asked ?? undefined);
  if (app !== undefined && (await readAnyApp(deps.database.db, app)) === undefined)
    throw new Refusal(404, 'not_found', `no app ${JSON.stringify(app)}`);
  const plan = asked === null ? undefined : await deps.reconciler.planWorld({ app, until: view.gone });
  return {
    title: 'Drift',
    nav: 'drift',
    body: html`${sweeps(view, status, policies)}
      <div class="actions">
        ${mayOperate(view) && postForm(view, '/drift/sweep', html`<button class="main">Compare with Coder now</button>`, 'compare now')}
        <a class="button" href="${view.base}/drift?plan=">What would change now?</a>
      </div>
      ${plan !== undefined && planSection(plan)}
      <h2>What sweeps found</h2>
      ${found.length === 0 ? nothing('No sweep found anything that was changed by hand.') : differences(view, found)}`,
  };
}

function sweeps(view: View, { apps }: Status, policies: ReadonlyMap<string, keyof typeof POLICIES>): Html {
  if (apps.length === 0) return nothing('No app is declared yet.');
  return table(
    'Sweeps',
    [{ head: 'App', nowrap: true }, { head: 'Last sweep' }, { head: 'Policy' }],
    apps.map(app => [app.app, time(view, app.lastSweepAt), POLICIES[policies.get(app.app) ?? 'repair']]),
  );
}

function differences(view: View, found: readonly AuditEntry[]): Html {
  return html`${table(
    'Differences',
    [{ head: 'Found (UTC)' }, { head: 'App', nowrap: true }, { head: 'Who' }, { head: 'What' }, { head: 'Difference' }],
    found
      .slice(0, SHOWN)
      .map(entry => [
        exactTime(entry.at),
        entry.app,
        entry.subjectName ?? entry.subject ?? entry.coderUserId,
        entry.target,
        changeText(entry),
      ]),
  )}
  ${
    found.length > SHOWN &&
    html`<p class="hint">
      These are the newest ${SHOWN}; all of them are in
      <a href="${view.base}/audit?action=drift.found">the audit trail</a>.
    </p>`
  }`;
}

function planSection({ changes, problems, holds, adoption }: PlanReport): Html {
  const shown = changes.slice(0, CHANGES_SHOWN);
  return html`<section aria-labelledby="plan">
    <h2 id="plan">
      What would change now ${badge(changes.length === 0 ? 'good' : 'warn', count(changes.length, 'change'))}
    </h2>
    ${holds.map(
      ({ app, reason, people }) =>
        html`<p class="notice warn">
          The guard would stop that of ${app}: ${reason}, about ${count(people, 'person', 'people')}.
        </p>`,
    )}
    ${
      problems.length > 0 &&
      html`<ul class="warnings">
        ${problems.map(problem => html`<li>${problem}</li>`)}
      </ul>`
    }
    ${
      changes.length > 0 &&
      table(
        'Planned changes',
        [
          { head: 'App', nowrap: true },
          { head: 'Who' },
          { head: 'Change' },
          { head: 'Target' },
          { head: 'Before and after' },
          { head: 'Because of' },
        ],
        shown.map(change => [
          change.app,
          change.subject,
          badge(change.removal ? 'warn' : 'plain', change.action),
          change.target,
          change.before === null && change.after === null ? '' : `${change.before ?? '–'} → ${change.after ?? '–'}`,
          change.because,
        ]),
      )
    }
    ${changes.length > shown.length && html`<p class="hint">${number(shown.length)} of ${number(changes.length)} are shown; all of them: <code>coder-scim plan</code>.</p>`}
    <p class="hint">
      ${count(adoption.matched.length, 'person is', 'people are')} matched with an account,
      ${number(adoption.created.length)} would get a new one, ${number(adoption.held.length)} would be held,
      ${count(adoption.strangers.length, 'account is', 'accounts are')} in no directory. Nothing was written.
    </p>
  </section>`;
}
