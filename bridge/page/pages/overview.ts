/** The first page: whether Coder agrees, and if not, what waits for what. */
import {
  type AppStatus,
  type CredentialSummary,
  type Seats,
  type Status,
  type TokenStatus,
} from '../../contract/admin-api';
import { readActivity } from '../../admin/questions/activity';
import { readStatus } from '../../admin/status';
import { type PageDeps } from '../deps';
import { html, type Html } from '../html';
import { endingPanel, leaversFact, leftText } from '../parts/left';
import { badge, copyable, count, number, time, type Tone } from '../parts/parts';
import { table } from '../parts/table';
import { type Page, type View } from '../view';
import { plot } from './plot';

export async function overview(deps: PageDeps, view: View): Promise<Page> {
  const [status, activity, credentials] = await Promise.all([
    readStatus(deps),
    readActivity(deps),
    deps.credentials.list(),
  ]);
  return {
    title: 'Overview',
    nav: 'overview',
    body: html`${
        status.recovery !== null &&
        html`<p class="notice bad">${status.recovery} <a href="${view.base}/decisions">Look at what differs</a></p>`
      }
      ${status.auditProblem !== null && html`<p class="notice bad">${status.auditProblem}</p>`}
      ${openDecisions(view, status)}
      <div class="grid">
        ${coderPanel(view, status)} ${status.apps.map(app => appPanel(view, app))}
        ${status.ending.map(ending => endingPanel(view, ending))}
      </div>
      ${
        status.apps.length + status.ending.length === 0 &&
        html`<p class="nothing">
          No app is declared yet. Deploy a stack with a <code>ScimApp</code>, or
          <code>coder-scim apply state.json</code>.
        </p>`
      }
      <section class="panel">
        <h2>The last day</h2>
        ${plot(activity)}
      </section>
      <section>
        <h2>Who may do what at the bridge</h2>
        ${credentialTable(view, credentials)}
      </section>`,
  };
}

function openDecisions({ base }: View, { holds }: Status): Html | false {
  if (holds.length === 0) return false;
  return html`<p class="notice warn">
    The guard stopped ${count(holds.length, 'plan')}, about
    ${count(
      holds.reduce((sum, hold) => sum + hold.people, 0),
      'person',
      'people',
    )}. <a href="${base}/decisions">Look at them</a>
  </p>`;
}

function coderPanel(view: View, { coder, version, leftOver }: Status): Html {
  return html`<section class="panel">
    <h2>Coder ${coder.problem === null ? badge('good', 'answers') : badge('bad', 'problem')}</h2>
    ${coder.problem !== null && html`<p class="notice bad">${coder.problem}</p>`}
    <dl class="facts">
      <dt>Address</dt>
      <dd>${coder.url}</dd>
      <dt>Version</dt>
      <dd>${coder.version ?? 'not known'}</dd>
      <dt>Account</dt>
      <dd>${coder.account ?? 'not known'}</dd>
      <dt>Its token</dt>
      <dd>
        ${coder.credentialExpiresAt === null ? 'does not say when it expires' : html`expires ${time(view, coder.credentialExpiresAt)}`}
      </dd>
      ${
        coder.seats !== null &&
        html`<dt>Seats</dt>
          <dd>${seats(coder.seats)}</dd>`
      }
      <dt>Bridge</dt>
      <dd>${version}</dd>
    </dl>
    ${
      leftOver.length > 0 &&
      html`<ul class="warnings">
        ${leftOver.map(line => html`<li>Left over: ${line}</li>`)}
      </ul>`
    }
  </section>`;
}

function seats({ used, limit }: Seats): Html {
  if (limit === null) return html`${number(used)} taken; the licence has no limit`;
  return html`${number(used)} of ${number(limit)} taken ${used > limit && badge('bad', 'too many')}`;
}

function appPanel(view: View, app: AppStatus): Html {
  return html`<section class="panel" aria-label="app ${app.app}">
    <h2>${app.app} ${stateOf(app)}</h2>
    <dl class="facts">
      <dt>From</dt>
      <dd>${app.identityProvider}, mode ${app.mode}, generation ${app.generation}</dd>
      <dt>People</dt>
      <dd>
        <a href="${view.base}/people?app=${encodeURIComponent(app.app)}">${number(app.activeUsers)} active</a> of
        ${number(app.users)}; ${count(app.groups, 'group')}
      </dd>
      ${leaversFact(view, app.leavers)}
      <dt>Last request</dt>
      <dd>${time(view, app.lastRequestAt)}</dd>
      <dt>Last sweep</dt>
      <dd>${time(view, app.lastSweepAt)}</dd>
      ${
        app.noMemberYet.length > 0 &&
        html`<dt>No member yet</dt>
          <dd>${app.noMemberYet.join(', ')}</dd>`
      }
      ${
        app.beingFilled.length > 0 &&
        html`<dt>Being filled, takes nothing yet</dt>
          <dd>${app.beingFilled.join(', ')}</dd>`
      }
      ${
        app.neverCame.length > 0 &&
        html`<dt>Never came</dt>
          <dd>
            <a href="${view.base}/groups">${count(app.neverCame.length, 'group')}</a>
            that ${app.neverCame.length === 1 ? 'a mapping names' : 'mappings name'}
          </dd>`
      }
      <dt>Tokens</dt>
      <dd>${app.tokens.length === 0 ? badge('bad', 'none') : app.tokens.map(token => tokenLine(view, token))}</dd>
      <dt>SCIM base URL</dt>
      <dd>${copyable(`SCIM base URL of ${app.app}`, app.scimBaseUrl)}</dd>
      ${
        app.oauthTokenUrl !== null &&
        html`<dt>Token URL</dt>
          <dd>${copyable(`token URL of ${app.app}`, app.oauthTokenUrl)}</dd>`
      }
    </dl>
    ${app.lastError !== null && html`<p class="warnings">Last error: ${app.lastError}</p>`}
    ${
      app.warnings.length > 0 &&
      html`<ul class="warnings">
        ${app.warnings.map(warning => html`<li>${warning}</li>`)}
      </ul>`
    }
  </section>`;
}

function stateOf(app: AppStatus): Html {
  if (app.converged) return badge('good', 'Coder agrees');
  const left = leftText(app);
  return badge(app.parked + app.refused > 0 ? 'bad' : 'warn', left === '' ? 'not as declared yet' : left);
}

const TONES: Readonly<Record<TokenStatus['state'], Tone>> = { active: 'good', expiring: 'warn', expired: 'bad' };

function tokenLine(view: View, token: TokenStatus): Html {
  return html`<div>
    ${badge(TONES[token.state], token.name)} ${token.kind === 'client' && 'OAuth client,'} until
    ${token.expiresAt.slice(0, 10)}, used ${time(view, token.lastUsedAt)}
  </div>`;
}

function credentialTable(view: View, credentials: readonly CredentialSummary[]): Html {
  return table(
    'Admin credentials',
    [
      { head: 'Name' },
      { head: 'May' },
      { head: 'State' },
      { head: 'Expires' },
      { head: 'Last used' },
      { head: 'From' },
    ],
    credentials.map(credential => [
      credential.name,
      credential.scopes.join(', '),
      badge(TONES[credential.state], credential.state),
      credential.expiresAt === null ? html`<span class="faint">never</span>` : credential.expiresAt.slice(0, 10),
      credential.from === 'command' ? time(view, credential.lastUsedAt) : html`<span class="faint">not noted</span>`,
      credential.createdBy === null ? 'configuration' : `made by ${credential.createdBy}`,
    ]),
  );
}
