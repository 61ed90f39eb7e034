import { readStoredDocument } from '../../../bridge/store/apps/stored-document';

const stored = (app: string, idpGroup: string) => ({
  version: 1,
  app,
  groupMappings: { dev: { idpGroup, group: 'dev' } },
});

it('a document is read once, and anew when it is another', () => {
  const first = readStoredDocument('acme', stored('acme', 'Developers'));
  expect(readStoredDocument('acme', stored('acme', 'Developers'))).toBe(first);
  const changed = readStoredDocument('acme', stored('acme', 'Engineers'));
  expect(changed.state.groupMappings['dev']).toMatchObject({ idpGroup: 'Engineers' });
  expect(readStoredDocument('acme', stored('acme', 'Developers')).state).toEqual(first.state);
});

it('a document that can not be read is refused each time', () => {
  readStoredDocument('acme', stored('acme', 'Developers'));
  for (let times = 0; times < 2; times += 1)
    expect(() => readStoredDocument('acme', { version: 1, app: 'acme', groupMappings: 7 })).toThrow(/can not be read/);
  expect(readStoredDocument('other', stored('other', 'Developers')).state.app).toBe('other');
});
