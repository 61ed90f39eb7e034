/** People: found by a part of a name. */
import { type PersonSummary } from '../../contract/admin-api';
import { findPeople } from '../../admin/questions/people';
import { type PageDeps } from '../deps';
import { html } from '../html';
import { badge, nothing, personLink, type Tone } from '../parts/parts';
import { selectField, textField } from '../parts/form';
import { table } from '../parts/table';
import { type Page, type View } from '../view';

const SHOWN = 100;

const TONES: Readonly<Record<PersonSummary['directory'], Tone>> = { active: 'good', inactive: 'plain', left: 'plain' };

export async function people(deps: PageDeps, view: View, query: URLSearchParams): Promise<Page> {
  const search = (query.get('search') ?? '').trim().slice(0, 200);
  const app = query.get('app') ?? '';
  const held = query.get('held') === 'true';
  const [userName, userId] = [query.get('after'), query.get('after-id')];
  const apps = (await deps.reconciler.status()).apps.map(one => one.app);
  const found = await findPeople(deps, {
    text: search,
    app: app === '' ? undefined : app,
    held,
    after: userName === null || userId === null ? undefined : { userName, userId },
    limit: SHOWN + 1,
  });
  const shown = found.slice(0, SHOWN);
  const last = found.length > SHOWN ? shown.at(-1) : undefined;
  const next = new URLSearchParams({ search, app, ...(held ? { held: 'true' } : {}) });
  if (last !== undefined) {
    next.set('after', last.userName);
    next.set('after-id', last.scimId);
  }
  return {
    title: 'People',
    nav: 'people',
    body: html`<form class="filter" method="get" action="${view.base}/people" role="search" aria-label="people">
        ${textField({ id: 'search', name: 'search', label: 'Part of a userName, e-mail or Coder username', value: search, type: 'search', maxLength: 200 })}
        ${selectField('app', 'app', 'App', [['', 'every app'], ...apps.map(name => [name, name] as const)], app)}
        ${selectField(
          'held',
          'held',
          'Held',
          [
            ['', 'everybody'],
            ['true', 'held alone'],
          ],
          held ? 'true' : '',
        )}
        <button class="main">Search</button>
      </form>
      ${
        shown.length === 0
          ? nothing(nobody({ search, app, held, isFirst: userName === null }))
          : table(
              'People',
              [
                { head: 'userName' },
                { head: 'E-mail' },
                { head: 'App', nowrap: true },
                { head: 'Directory' },
                { head: 'Coder' },
                { head: 'Held for' },
              ],
              shown.map(person => [
                personLink(view, person.userName, person.scimId),
                person.email === person.userName ? html`<span class="faint">the same</span>` : person.email,
                person.app,
                badge(TONES[person.directory], person.directory),
                person.coderUsername ?? html`<span class="faint">no account</span>`,
                person.held,
              ]),
            )
      }
      ${last !== undefined && html`<p><a class="button" href="${view.base}/people?${next.toString()}">Next ${SHOWN}</a></p>`}`,
  };
}

function nobody(asked: {
  readonly search: string;
  readonly app: string;
  readonly held: boolean;
  readonly isFirst: boolean;
}): string {
  if (!asked.isFirst) return 'Nobody else fits.';
  if (asked.search !== '' || asked.app !== '') return 'Nobody fits.';
  return asked.held ? 'Nobody is held.' : 'Nobody is in the directory yet.';
}
