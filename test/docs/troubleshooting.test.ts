/** docs/troubleshooting.md against what the code can say: nothing is missing there, and nothing there is said by nobody any more. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ADMIN_REFUSALS } from '../../bridge/admin/routes';
import { type RefusalReason } from '../../bridge/scim/access/authenticate';
import { explainRefusal } from '../../bridge/scim/http/refusal-log';
import { Catalogue } from './catalogue';

jest.setTimeout(300_000);

const page = readFileSync(join(resolve(__dirname, '../..'), 'docs/troubleshooting.md'), 'utf8');

/** Texts in backquotes in the first column of a section's tables. */
function said(section: string): string[] {
  const [, text = ''] = new RegExp(`\\n## ${section}\\n([^]*?)(?=\\n## |$)`).exec(page) ?? [];
  const rows = text.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('|---'));
  return rows.flatMap(row => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, part = '']) => part));
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const fits = (pattern: string, text: string): boolean =>
  new RegExp(pattern.split('…').map(escaped).join('.*')).test(text);
/** As much of a text as tells it from others. */
const isTelling = (pattern: string): boolean => pattern.replace(/[…: ]/g, '').length >= 6;

const catalogue = new Catalogue('bridge', 'provider');
const reasons = (file: string, type: string): string[] => catalogue.members(file, type);
const HELD = reasons('bridge/reconcile/decide/hold-reason.ts', 'HeldReason');

/** Some checks have their name in a constant, and begin with their state. */
const STATES = ['ok', 'warning', 'failed', 'skipped'];
const DOCTOR = [
  ...new Set([
    ...catalogue.texts('bridge/reconcile/report', ['check', 'guarded']).filter(name => !STATES.includes(name)),
    ...['attributes', 'claims', 'workspaces', 'bridge', 'configuration'],
  ]),
];

describe('codes', () => {
  it.each([
    [
      'Held people',
      [...new Set([...HELD, ...catalogue.texts('bridge/reconcile', ['new Held']), 'workspaces-running'])],
    ],
    ['Plans that the guard holds', reasons('bridge/reconcile/decide/guard.ts', 'HoldReason')],
    ['What Coder refuses', reasons('bridge/coder/transport/errors.ts', 'RefusalReason')],
    ['The way to Coder', reasons('bridge/coder/transport/errors.ts', 'CoderErrorKind')],
    [
      'Answers to the identity provider',
      [
        ...reasons('bridge/scim-language/errors.ts', 'ScimType'),
        // By the words of the log.
        ...reasons('bridge/scim/access/authenticate.ts', 'RefusalReason').map(reason =>
          explainRefusal(reason as RefusalReason),
        ),
      ],
    ],
    ['Admin API', ADMIN_REFUSALS.map(([, code]) => code)],
    ['Doctor', DOCTOR],
  ])('%s has each of them, and no other', (section, codes) => {
    expect(codes.length).toBeGreaterThan(5);
    expect([...new Set(said(section))].sort()).toEqual([...codes].sort());
  });
});

/** Warnings that are put together elsewhere than where they are told. */
const TOLD_ELSEWHERE = [
  'has a group … that was made by hand',
  'has a group … that a mapping of app',
  'names group … which Coder does not have now',
  'is that of a group which app … pushes',
  'hold one externalId …',
  'is read as …, since Coder stores names of custom roles in small letters',
  'permissions with "negate" are left out',
  'workspaces of … who left may run on',
  'not compared by the last sweep: …',
  'the bridge made it and nothing declares it any more',
  'can not be read by this version',
  'no token is declared',
  'every token has expired',
  'token … expires on …',
];

/** What every command, and the provider, says of a bridge that it can not talk to. */
const OF_THE_CLIENT = [
  'bridge at … does not answer',
  '… answers, and not as a bridge does',
  'bridge at … is of another version',
];

describe('texts', () => {
  it.each([
    ['Warnings of an app', catalogue.texts('bridge/reconcile', ['problems.push', 'problems.add']), TOLD_ELSEWHERE],
    [
      'Terraform',
      catalogue.texts('provider', ['new ProviderError', 'report.error', 'report.warning']),
      // Terraform's own.
      ['could not connect to coder-scim.invalid … no such host', 'Instance cannot be destroyed'],
    ],
    ['Commands', catalogue.texts('bridge/commands', ['new CommandError']), OF_THE_CLIENT],
    ['Database and start', catalogue.texts('bridge', ['new DatabaseError', 'new FileRefused', 'new ListenError']), []],
  ])('%s has each of them, and nothing that nobody says', (section, texts, elsewhere) => {
    expect(texts.length).toBeGreaterThan(5);
    const patterns = said(section);
    // What is whatever Coder said can be named as such, and by nothing else.
    const missing = texts.filter(text => !patterns.some(one => (isTelling(one) ? fits(one, text) : one === text)));
    const nobodySays = patterns.filter(one => !elsewhere.includes(one) && !texts.some(text => fits(one, text)));
    expect({ section, missing, nobodySays }).toEqual({ section, missing: [], nobodySays: [] });
  });

  it('what is told elsewhere is still told', () => {
    const sources = [
      'bridge/reconcile/decide/group/pushed-groups.ts',
      'bridge/reconcile/decide/group/undeclared.ts',
      'bridge/reconcile/declaration/shared-external-ids.ts',
      'bridge/reconcile/report/status.ts',
      'bridge/reconcile/sweep/sweep-parts.ts',
      'bridge/store/apps/stored-document.ts',
      'bridge/admin/status.ts',
      'bridge/admin-client/admin-client.ts',
      'bridge/admin-client/answers.ts',
    ].map(file => readFileSync(join(resolve(__dirname, '../..'), file), 'utf8').replace(/\$\{[^}]*\}/g, '…'));
    const words = [...TOLD_ELSEWHERE, ...OF_THE_CLIENT].flatMap(text => text.split('…').map(part => part.trim()));
    expect(words.filter(part => !sources.some(source => source.includes(part)))).toEqual([]);
  });
});
