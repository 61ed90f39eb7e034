/** The guide for administrators says what the dialects are: its table of deviations, its links, and the template it gives away. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IDENTITY_PROVIDERS } from '../../bridge/contract/mapping-state';
import { dialectOf } from '../../bridge/scim-language/dialects/registry';
import { readConversations } from './conversation';
import { startScimServer } from '../support/scim-server';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'identity-providers.md'), 'utf8');

const rows = guide
  .split('\n')
  .filter(line => /^\| \[/.test(line))
  .map(line => line.split('|').map(cell => cell.trim()))
  .map(([, link = '', name = '', , , , , deviations = '', proof = '']) => ({
    link,
    name: name.replaceAll('`', ''),
    deviations,
    proof,
  }));

test('the table has every identity provider once', () => {
  expect(rows.map(({ name }) => name).sort()).toEqual([...IDENTITY_PROVIDERS].sort());
});

test.each(IDENTITY_PROVIDERS)('the deviations of %s are those of its dialect', name => {
  const stated = rows.find(row => row.name === name)?.deviations ?? '';
  const coercions = dialectOf(name).coercions.map(({ coercion }) => `\`${coercion}\``);
  expect(stated).toBe(coercions.length === 0 ? 'none' : coercions.join(' '));
});

test.each(IDENTITY_PROVIDERS)('what proves %s is what its conversations say they are', name => {
  const origins = readConversations().flatMap(spoken => (spoken.identityProvider === name ? spoken.origin : []));
  const recorded = origins.length > 0 && origins.every(origin => origin === 'recorded');
  expect(rows.find(row => row.name === name)?.proof).toBe(recorded ? 'recordings' : 'documentation');
});

test('each row leads to a section', () => {
  const anchors = [...guide.matchAll(/^## (.+)$/gm)].map(
    ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
  );
  for (const { link } of rows) expect(anchors).toContain(/\((#[^)]+)\)$/.exec(link)?.[1]);
});

test('the JSON template for OneLogin makes a person, with every macro filled in as OneLogin does', async () => {
  const template = /```json\n([\s\S]*?)```/.exec(guide)?.[1] ?? '';
  const values: Record<string, string> = {
    '{$parameters.scimusername}': 'ola@example.com',
    '{$user.active}': 'true',
    '{$user.firstname}': 'Ola',
    '{$user.lastname}': '',
    '{$user.display_name}': 'Ola',
    '{$user.email}': 'ola@example.com',
  };
  const server = await startScimServer({ state: { identityProvider: 'onelogin' } });
  const raw = template.replace(/\{\$[^}]+\}/g, macro => values[macro] ?? macro);
  const { status, body } = await server.call('POST', '/Users', { raw });
  await server.close();
  expect([status, body.userName, body.active, body['name']]).toEqual([
    201,
    'ola@example.com',
    true,
    { givenName: 'Ola' },
  ]);
});
