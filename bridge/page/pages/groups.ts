/** Groups and mappings: which group of the identity provider gives what to how many, and what does not meet. */
import { type GroupsReport, type MappingReport } from '../../contract/admin-api';
import { type PageDeps } from '../deps';
import { html, type Html } from '../html';
import { textField } from '../parts/form';
import { badge, count, nothing, number, type Tone } from '../parts/parts';
import { table } from '../parts/table';
import { type Page, type View } from '../view';

const STATES: Readonly<Record<MappingReport['state'], readonly [tone: Tone, text: string]>> = {
  matched: ['good', 'matched'],
  'never-came': ['warn', 'group never came'],
  empty: ['warn', 'group has no member yet'],
  filling: ['warn', 'group is being filled, takes nothing yet'],
  vanished: ['bad', 'group is gone'],
  unclear: ['bad', 'several groups of the name'],
};

export async function groups(deps: PageDeps, view: View, query: URLSearchParams): Promise<Page> {
  const search = (query.get('search') ?? '').trim().slice(0, 200);
  const report = await deps.reconciler.groups({ search });
  return {
    title: 'Groups and mappings',
    nav: 'groups',
    body: html`<section>
        <h2>What groups give</h2>
        ${mappings(report)}
      </section>
      <section>
        <h2>Groups of the directory</h2>
        <form class="filter" method="get" action="${view.base}/groups" role="search" aria-label="groups">
          ${textField({ id: 'search', name: 'search', label: 'Part of a name', value: search, type: 'search', maxLength: 200 })}
          <button class="main">Search</button>
        </form>
        ${directory(report, search)}
      </section>`,
  };
}

function mappings({ mappings: all }: GroupsReport): Html {
  if (all.length === 0)
    return nothing('No mapping is declared: groups give nothing, people get an account and nothing else.');
  const order = ['vanished', 'unclear', 'never-came', 'empty', 'filling', 'matched'];
  const sorted = [...all].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  const missing = all.filter(({ state }) => state !== 'matched' && state !== 'filling').length;
  return html`${
    missing > 0 &&
    html`<p class="notice warn">
      ${count(missing, 'mapping')} of ${number(all.length)} gives nothing, since there is no such group in the
      directory, or more than one, or nobody was put into it yet.
    </p>`
  }
  ${table(
    'Mappings',
    [
      { head: 'Group of the identity provider' },
      { head: 'State' },
      { head: 'Gives' },
      { head: 'People', numeric: true },
      { head: 'App', nowrap: true },
      { head: 'Mapping' },
    ],
    sorted.map(mapping => [
      mapping.groupName !== null && mapping.groupName !== mapping.idpGroup
        ? html`${mapping.groupName} <span class="because">declared as ${mapping.idpGroup}</span>`
        : mapping.idpGroup,
      badge(...STATES[mapping.state]),
      mapping.gives,
      number(mapping.people),
      mapping.app,
      html`<code>${mapping.mapping}</code>`,
    ]),
  )}`;
}

function directory({ groups: all, total }: GroupsReport, search: string): Html {
  if (all.length === 0) return nothing(search === '' ? 'No group was sent yet.' : 'No group has that in its name.');
  return html`${table(
    'Groups',
    [
      { head: 'Group' },
      { head: 'Read by' },
      { head: 'People', numeric: true },
      { head: 'App', nowrap: true },
      { head: 'externalId' },
    ],
    all.map(group => [
      group.displayName,
      group.mappings.length > 0
        ? group.mappings.map(mapping => html`<div><code>${mapping}</code></div>`)
        : group.pushed
          ? 'pushed: a Coder group of its own'
          : badge('plain', 'no mapping'),
      number(group.people),
      group.app,
      group.externalId !== null && html`<code>${group.externalId}</code>`,
    ]),
  )}
  ${total > all.length && html`<p class="hint">${number(all.length)} of ${number(total)} groups are shown: search for the others.</p>`}`;
}
