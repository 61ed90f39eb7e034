/** Setting up an identity provider: what to paste where, and what has arrived so far. */
import { type SetupReport } from '../../contract/admin-api';
import { IDENTITY_PROVIDERS } from '../../contract/mapping-state';
import { readSetup } from '../../admin/questions/setup';
import { type PageDeps } from '../deps';
import { html, type Html } from '../html';
import { selectField } from '../parts/form';
import { badge, copyable, nothing } from '../parts/parts';
import { table } from '../parts/table';
import { type Page, type View } from '../view';
import {
  ENTRA_URL_VALUE,
  SETUP_GUIDES,
  type SetupField,
  type SetupGuide,
  TOKEN_VALUE,
  URL_VALUE,
} from './setup-fields';

const STEPS: Readonly<Record<SetupReport['steps'][number]['name'], string>> = {
  token: 'A token is declared',
  connection: 'Test connection arrived',
  person: 'First person',
  account: 'First account in Coder',
  group: 'First group',
  mapping: 'Mappings found their group',
  claims: 'Group claims seen',
};

export async function setup(deps: PageDeps, view: View, query: URLSearchParams): Promise<Page> {
  const { apps } = await deps.reconciler.status();
  const names = apps.map(app => app.app);
  const chosen = query.get('app') ?? names[0] ?? '';
  const report = chosen === '' ? undefined : await readSetup(deps, chosen);
  return {
    title: 'Set up an identity provider',
    nav: 'setup',
    body: html`${
      names.length === 0
        ? nothing(
            'No app is declared yet: deploy a stack with a ScimApp first. Its address and its token go into the identity provider.',
          )
        : html`<form class="filter" method="get" action="${view.base}/setup" aria-label="app">
            ${selectField(
              'app',
              'app',
              'App',
              names.map(name => [name, name] as const),
              chosen,
            )}
            <button class="main">Show</button>
          </form>`
    }
    ${report === undefined ? names.length > 0 && nothing('There is no such app.') : guided(view, report)}`,
  };
}

function guided(view: View, report: SetupReport): Html {
  const guide = guideOf(report.identityProvider);
  return html`<div class="grid">
    <section class="panel">
      <h2>What to paste: ${guide.name}</h2>
      <p>${guide.where}</p>
      ${table(
        `Fields of ${guide.name}`,
        [{ head: 'Field' }, { head: 'Value' }],
        [
          ...guide.fields.map(field => [field.field, valueOf(field, report)]),
          ...(report.oauthTokenUrl === null
            ? []
            : [['Token URL, for client credentials instead of a token', copyable('token URL', report.oauthTokenUrl)]]),
        ],
      )}
      <ol>
        ${guide.then.map(step => html`<li>${step}</li>`)}
      </ol>
      <p class="hint">The whole of it stands in docs/identity-providers.md of the package.</p>
    </section>
    <section class="panel">
      <h2>What has arrived</h2>
      <ol class="steps" data-steps="${view.base}/setup/${encodeURIComponent(report.app)}/steps">
        ${report.steps.map(
          step =>
            html`<li data-step="${step.name}" aria-live="polite" aria-atomic="true">
              <span>${badge(step.done ? 'good' : 'warn', step.done ? 'done' : 'waiting')}</span>
              <strong>${STEPS[step.name]}</strong> <span class="detail">${step.detail}</span>
            </li>`,
        )}
      </ol>
      <p class="actions">
        <a class="button" href="${view.base}/setup?app=${encodeURIComponent(report.app)}">Look again</a>
        <a class="button" href="${view.base}/requests?app=${encodeURIComponent(report.app)}">What was sent</a>
      </p>
    </section>
  </div>`;
}

function guideOf(identityProvider: string): SetupGuide {
  return SETUP_GUIDES[IDENTITY_PROVIDERS.find(name => name === identityProvider) ?? 'generic'];
}

function valueOf({ field, value }: SetupField, { scimBaseUrl }: SetupReport): Html {
  if (value === URL_VALUE) return copyable(field, scimBaseUrl);
  if (value === ENTRA_URL_VALUE) return copyable(field, `${scimBaseUrl}?aadOptscim062020`);
  if (value === TOKEN_VALUE)
    return html`the secret of <code>coder-scim token create</code>
      <span class="because">shown once when it was made; the bridge has its digest alone</span>`;
  return copyable(field, value);
}
