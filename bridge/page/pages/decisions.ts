/** What waits for a person: held plans, a restored database, parked work, re-hires and others who are held. */
import { type HoldDetail, type PendingItem, type RecoveryReport } from '../../contract/admin-api';
import { type PageDeps } from '../deps';
import { type Content, html, type Html } from '../html';
import { postForm, reasonField, textField } from '../parts/form';
import { endingPanel } from '../parts/left';
import { firstOf, type Open, openOf } from '../parts/open';
import { badge, count, nothing, number, personLink, time } from '../parts/parts';
import { table } from '../parts/table';
import { mayOperate, type Page, type View } from '../view';

/** People of a hold that are drawn; all are in the admin API. */
const PEOPLE_SHOWN = 1_000;

export async function decisions(deps: PageDeps, view: View): Promise<Page> {
  const { reconciler } = deps;
  const status = await reconciler.status();
  const holds = (await Promise.all(status.holds.map(hold => reconciler.hold(hold.id)))).filter(
    hold => hold !== undefined,
  );
  const recovery = status.recovery === null ? undefined : await reconciler.recovery();
  const { parked, refused, triedOn, reHires, others } = openOf(status);
  const decided = status.pending.filter(item => item.state !== 'waiting').length;
  const none = holds.length + decided + triedOn.all === 0;
  return {
    title: 'Needs a decision',
    nav: 'decisions',
    body: html`${!mayOperate(view) && html`<p class="notice">You see what waits; to decide it, sign in as an operator.</p>`}
    ${recovery !== undefined && recoveryPanel(view, recovery)} ${holds.map(hold => holdPanel(view, hold))}
    ${
      reHires.all > 0 &&
      html`<section class="panel">
        <h2>Came back ${badge('warn', count(reHires.all, 'person', 'people'))}</h2>
        <p>
          They are a new object of the directory, and there is an account of theirs from before. Keep it when the
          identity provider kept the subject; replace it when not, once its workspaces are deleted.
        </p>
        ${reHires.items.map(item => reHirePanel(view, item))} ${firstOf(reHires)}
      </section>`
    }
    ${triedOn.all > 0 && triedOnPanel(view, triedOn)} ${parked.all > 0 && parkedPanel(view, parked)}
    ${refused.all > 0 && refusedPanel(view, refused)} ${others.all > 0 && heldPanel(view, others)}
    ${status.ending.map(ending => endingPanel(view, ending))}
    ${none && recovery === undefined && status.ending.length === 0 && nothing('Nothing waits for a decision.')}`,
  };
}

function holdPanel(view: View, hold: HoldDetail): Html {
  const id = `hold-${hold.id}`;
  const shown = hold.persons.slice(0, PEOPLE_SHOWN);
  return html`<section class="panel" aria-labelledby="${id}">
    <h2 id="${id}">The guard stopped a plan of ${hold.app} ${badge('warn', hold.reason)}</h2>
    <p>
      About <strong>${count(hold.people, 'person', 'people')}</strong>, since ${time(view, hold.createdAt)}. It is held
      as a whole. Mend the cause, and it goes away by itself; release it, and exactly these changes are made.
    </p>
    <details ${hold.persons.length <= 50 && html`open`}>
      <summary>Everybody whom it is about</summary>
      ${table(
        `Changes of hold ${hold.id}`,
        [{ head: 'Person' }, { head: 'Changes' }, { head: 'Held for' }],
        shown.map(person => [
          personLink(view, person.userName, person.scimId),
          html`<ul class="changes">
            ${person.changes.map(change => html`<li>${sayChange(change)}</li>`)}
          </ul>`,
          person.reason,
        ]),
      )}
      ${
        hold.persons.length > shown.length &&
        html`<p class="hint">
          ${shown.length} of ${hold.persons.length} are shown; all of them: <code>GET /admin/v1/holds/${hold.id}</code>.
        </p>`
      }
    </details>
    ${
      mayOperate(view) &&
      postForm(
        view,
        `/decisions/holds/${hold.id}/release`,
        html`<div class="filter">
          ${confirmField(`${id}-confirm`, html`Type <code>${hold.people}</code>, the number of people, to confirm`)}
          ${reasonField(`${id}-reason`)}
          <p><button class="grave">Release this plan</button></p>
        </div>`,
        `release the plan of ${hold.app}`,
      )
    }
  </section>`;
}

function confirmField(id: string, label: Content): Html {
  return textField({ id, name: 'confirm', label, required: true, maxLength: 100 });
}

function recoveryPanel(view: View, { reason, mayEnd, since, people, other }: RecoveryReport): Html {
  const again = people.filter(person => person.letInAgain).length;
  return html`<section class="panel" aria-labelledby="recovery">
    <h2 id="recovery">Restored database ${badge('bad', 'nothing is given or taken')}</h2>
    <p>${reason}</p>
    ${!mayEnd && html`<p>Nobody has to decide: it ends as soon as Coder answers, or shows here what differs.</p>`}
    ${
      since !== null &&
      html`<p>
        Since ${time(view, since)}: ${count(people.length, 'person', 'people')} changed in
        Coder${again > 0 && html`, <strong>${again} of them would be let in again</strong>`}. Deploy the stacks, and
        then let the identity provider push everything again, before you end it.
      </p>`
    }
    ${
      people.length > 0 &&
      table(
        'What Coder has seen and the database does not know',
        [{ head: 'Person' }, { head: 'Directory' }, { head: 'Let in again' }, { head: 'Changes in Coder' }],
        people.map(person => [
          person.userName ?? person.coderUsername ?? person.coderUserId,
          person.directory,
          person.letInAgain ? badge('bad', 'yes') : badge('plain', 'no'),
          html`<ul class="changes">
            ${person.changes.map(change => html`<li>${change}</li>`)}
          </ul>`,
        ]),
      )
    }
    ${
      other.length > 0 &&
      html`<ul>
        ${other.map(line => html`<li>${line}</li>`)}
      </ul>`
    }
    ${
      mayOperate(view) &&
      mayEnd &&
      postForm(
        view,
        '/decisions/recovery/end',
        html`<input type="hidden" name="since" value="${since ?? ''}" />
          <div class="filter">
            ${confirmField('recovery-confirm', html`Type <code>go on</code> to confirm`)}
            ${reasonField('recovery-reason')}
            <p><button class="grave">Give and take again</button></p>
          </div>`,
        'end the recovery',
      )
    }
  </section>`;
}

function reHirePanel(view: View, item: PendingItem): Html {
  const id = item.key.slice('person:'.length);
  return html`<div>
    <h3>
      ${personLink(view, item.subject ?? item.key, id)}
      <span class="because">${item.app}, since ${time(view, item.since)}</span>
    </h3>
    <p>${item.reason}</p>
    ${
      mayOperate(view) &&
      postForm(
        view,
        `/decisions/re-hires/${encodeURIComponent(id)}`,
        html`${item.account !== undefined && html`<input type="hidden" name="account" value="${item.account}" />`}
          <div class="filter">
            ${reasonField(`re-hire-${id}`)}
            <p class="actions">
              <button name="answer" value="keep">Keep the account of before</button>
              <button class="grave" name="answer" value="replace">Replace it</button>
            </p>
          </div>`,
        `answer for ${item.subject ?? id}`,
      )
    }
  </div>`;
}

function itemRows(view: View, items: readonly PendingItem[], action?: (item: PendingItem) => Content) {
  return items.map(item => [
    item.key.startsWith('person:') && item.state !== 'refused'
      ? personLink(view, item.subject ?? item.key, item.key.slice('person:'.length))
      : (item.subject ?? item.key),
    item.app,
    item.reason,
    time(view, item.since),
    ...(action === undefined ? [] : [action(item)]),
  ]);
}

const COLUMNS = [{ head: 'Who or what' }, { head: 'App', nowrap: true }, { head: 'Why' }, { head: 'Since' }];

function retryForm(view: View, key: string | undefined, text: string, label: string): Html | false {
  if (!mayOperate(view)) return false;
  return postForm(
    view,
    '/decisions/retry',
    html`${key !== undefined && html`<input type="hidden" name="key" value="${key}" />`} <button>${text}</button>`,
    label,
  );
}

function parkedPanel(view: View, parked: Open): Html {
  return html`<section class="panel">
    <h2>Parked ${badge('bad', number(parked.all))}</h2>
    <p>Tried again and again without success. Look at the reason, mend it, and try again.</p>
    ${table(
      'Parked work',
      [...COLUMNS, { head: 'Try again' }],
      itemRows(view, parked.items, item =>
        retryForm(view, item.key, 'Try again', `try ${item.subject ?? item.key} again`),
      ),
    )}
    ${firstOf(parked)} ${parked.all > 1 && retryForm(view, undefined, 'Try all again', 'try all again')}
  </section>`;
}

function triedOnPanel(view: View, triedOn: Open): Html {
  return html`<section class="panel">
    <h2>Not locked out yet ${badge('bad', number(triedOn.all))}</h2>
    <p>Tried every half a minute, and each try fails. Look at the reason and mend it: nothing else is needed.</p>
    ${table(
      'Tried on',
      [...COLUMNS, { head: 'Tries' }],
      itemRows(view, triedOn.items, item => number(item.attempts)),
    )}
  </section>`;
}

function refusedPanel(view: View, refused: Open): Html {
  return html`<section class="panel">
    <h2>Refused leavers ${badge('bad', number(refused.all))}</h2>
    <p>
      Requests that would have locked these people out were refused, and were not sent since in a form that goes
      through. Correct them in the identity provider: <a href="${view.base}/requests?refused=true">what was sent</a>.
      Dismiss what you have dealt with by hand.
    </p>
    ${table(
      'Refused leavers',
      mayOperate(view) ? [...COLUMNS, { head: 'Dealt with' }] : COLUMNS,
      itemRows(view, refused.items, mayOperate(view) ? item => dismissForm(view, item) : undefined),
    )}
    ${firstOf(refused)}
  </section>`;
}

function dismissForm(view: View, item: PendingItem): Html {
  return postForm(
    view,
    `/decisions/refused/${encodeURIComponent(item.app)}`,
    html`<input type="hidden" name="who" value="${item.key}" />
      <input type="hidden" name="times" value="${item.attempts}" />
      <input type="hidden" name="since" value="${item.since}" />
      <div class="filter">
        ${reasonField(`dismiss-${item.app}-${item.key}`)}
        <p><button>Dismiss</button></p>
      </div>`,
    `dismiss ${item.subject ?? item.key}`,
  );
}

function heldPanel(view: View, held: Open): Html {
  return html`<section class="panel">
    <h2>Held people ${badge('warn', number(held.all))}</h2>
    <p>
      The directory states something that Coder can't take, or that only a person can tell. They are tried again when
      something relevant changes, and with each sweep.
    </p>
    ${table(
      'Held people',
      [...COLUMNS, { head: 'What helps' }],
      itemRows(view, held.items, item => [
        html`<span class="because">${helpFor(item.reason)}</span>`,
        item.reason.startsWith('former-owner') &&
          retryForm(view, item.key, 'They stay no owner', `${item.subject ?? item.key} stays no owner`),
      ]),
    )}
    ${firstOf(held)}
  </section>`;
}

/** A hold names what is taken; what is given says so itself. */
function sayChange(change: string): string {
  if (/^(gains|let in) /.test(change)) return change;
  if (change === 'account, deleted') return 'has their account deleted';
  return change === 'account' ? 'is locked out' : `loses ${change}`;
}

const HELP: readonly (readonly [reason: string, help: string])[] = [
  ['duplicate-account', 'Two accounts in Coder are theirs: delete the one that nobody needs.'],
  ['former-owner', 'They were an owner by hand: make them one again in Coder, or say that they stay none.'],
  ['last-owner', 'Make somebody else owner: they go by themselves then.'],
  ['workspaces-running', 'Stop the workspaces in Coder, or give the bridge the right to.'],
  ['has-workspaces', 'Delete the workspaces in Coder.'],
  ['other-app', 'The account belongs to another app: name each other in people.sharedWith, or mend the assignment.'],
  ['privileged-account', 'The account holds more than the mappings give: name it in people.adopt, or take that away.'],
  ['no-email', 'Send an e-mail address from the identity provider.'],
  ['adoption-refused', 'An account of that address exists: policies.adoption says which may be taken over.'],
  ['login-type', 'Change how the account signs in, in Coder.'],
  ['account-taken', 'The account is somebody else’s: two people have one address.'],
  ['foreign-domain', 'The address is in no domain of people.emailDomains.'],
  ['email-invalid', 'Correct the address in the identity provider.'],
  ['username-taken', 'Rename the account of that username in Coder, or the person in the identity provider.'],
  ['email-pending', 'It follows at their next sign-in.'],
  ['drift-reported', 'Suspend the account in Coder, or let the sweep repair.'],
];

function helpFor(reason: string): string {
  return HELP.find(([name]) => reason.startsWith(name))?.[1] ?? '';
}
