/** Commands about people: why somebody has what they have, and who is who. */
import { type Explanation, type Identity } from '../contract/admin-api';
import { type ClientOptions, type Commands, printJson } from './command';
import { EXIT } from './terminal/exit-code';
import { CommandError } from './terminal/failure';
import { renderAudit } from './audit';
import { type Cell, renderPairs, renderTable } from './terminal/table';
import { type Paint, printable } from './terminal/terminal';

interface IdentitiesOptions extends ClientOptions {
  readonly app?: string;
  readonly csv?: boolean;
}

export function addPeople(commands: Commands): void {
  commands.addClient<ClientOptions, [string]>({
    usage: 'explain <user>',
    summary: 'show why a person has what they have',
    description: 'Show why a person has what they have in Coder: each role, group and organization with its reason',
    examples: [
      ['coder-scim explain alice@example.com', 'by userName or e-mail'],
      ['coder-scim explain alice', 'by Coder username; SCIM id, externalId and Coder id work as well'],
    ],
    run: async ({ client, terminal, paint }, options, user) => {
      const { people } = await client.explain(user, terminal.signal);
      if (options.json) printJson(terminal, { people });
      else if (people.length === 0) {
        throw new CommandError(
          `nobody in the directory is ${JSON.stringify(user)}: \`coder-scim identities\` lists all`,
          EXIT.no,
        );
      } else terminal.write(people.map(person => renderExplanation(person, paint, terminal.columns)).join('\n'));
      return people.length === 0 ? EXIT.no : EXIT.ok;
    },
  });
  commands.addClient<IdentitiesOptions>({
    usage: 'identities',
    summary: 'list who is who in the directory and in Coder',
    description:
      "List who is who: SCIM id, externalId and userName beside Coder's id and username, to join Coder's own audit with the directory",
    examples: [
      ['coder-scim identities --app acme-okta', 'the people of one app'],
      ['coder-scim identities --csv > identities.csv', 'for a spreadsheet or a SIEM'],
    ],
    options: command => command.option('--app <app>', 'only this app').option('--csv', 'print as CSV (RFC 4180)'),
    run: async ({ client, terminal, paint }, options) => {
      const { identities } = await client.identities(options.app, terminal.signal);
      if (options.json) printJson(terminal, { identities });
      else if (options.csv) terminal.write(renderCsv(identities));
      else if (identities.length === 0) terminal.write('nobody is in the directory\n');
      else {
        terminal.write(
          renderTable(
            ['APP', 'USERNAME', 'CODER', 'HOW', 'CODER ID', 'EXTERNAL ID', 'SCIM ID'],
            identities.map((who): Cell[] => [
              who.app,
              who.userName,
              who.coderUsername ?? { text: 'not in Coder', style: 'warn' },
              who.how ?? '',
              who.coderUserId ?? '',
              who.externalId ?? '',
              { text: who.scimId, style: 'faint' },
            ]),
            { paint, columns: terminal.columns, indent: '' },
          ),
        );
      }
    },
  });
}

/** One person as a person reads it. */
export function renderExplanation(person: Explanation, paint: Paint, columns: number | undefined): string {
  const account: Cell =
    person.coderUsername === null
      ? { text: 'no account', style: 'warn' }
      : { text: `${person.coderUsername}, ${person.status ?? 'status unknown'}`, style: 'plain' };
  const pairs: [string, Cell][] = [
    ['directory', `${person.app}, ${person.active ? 'active' : 'not active'}, SCIM id ${person.scimId}`],
    ['Coder', account],
  ];
  if (person.held !== null) pairs.push(['held', { text: person.held, style: 'warn' }]);
  const rows = person.entitlements.map(({ kind, organization, target, because, present }): Cell[] => [
    present === null
      ? { text: '?', style: 'faint' }
      : present
        ? { text: '✓', style: 'good' }
        : { text: '✗ not yet', style: 'bad' },
    kind.replace('-', ' '),
    organization ?? '',
    target,
    because.map(({ idpGroup, mapping }) => `${idpGroup} (${mapping})`).join(', '),
  ]);
  rows.push(
    ...person.beside.map(({ kind, organization, target }): Cell[] => [
      { text: '•', style: 'warn' },
      kind.replace('-', ' '),
      organization ?? '',
      target,
      { text: 'nothing that gives it: by hand, or not taken yet', style: 'faint' },
    ]),
  );
  return [
    `${paint('strong', printable(person.userName))}\n`,
    renderPairs(pairs, { paint }),
    '\n',
    rows.length === 0
      ? '  no mapping gives this person anything\n'
      : renderTable(['', 'KIND', 'ORGANIZATION', 'WHAT', 'BECAUSE OF'], rows, { paint, columns }),
    person.recent.length === 0 ? '' : `\n${renderAudit(person.recent, paint, columns)}`,
  ].join('');
}

const CSV_COLUMNS = [
  'app',
  'scimId',
  'externalId',
  'userName',
  'email',
  'coderUserId',
  'coderUsername',
  'how',
] as const;

function renderCsv(identities: readonly Identity[]): string {
  return [CSV_COLUMNS.join(','), ...identities.map(who => CSV_COLUMNS.map(name => csvField(who[name])).join(','))]
    .map(line => `${line}\r\n`)
    .join('');
}

// A leading = + - @ would be a formula to a spreadsheet; these names come from outside.
function csvField(value: string | null): string {
  if (value === null) return '';
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
