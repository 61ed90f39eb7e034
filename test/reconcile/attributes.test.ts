/** Which SCIM attribute gives Coder's e-mail, username and name is the operator's to say. */
import { type Attributes } from '../../bridge/contract/attributes';
import { emailOf, fullNameOf, usernameOf } from '../../bridge/contract/directory';
import { parseMappingState } from '../../bridge/contract/mapping-state';
import { type JsonObject } from '../../bridge/scim-language/json';
import { startStage } from './stage';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const attributesOf = (attributes: Partial<Attributes>) =>
  parseMappingState({ version: 1, app: 'one', attributes }).attributes;

const ada: JsonObject = {
  userName: 'ada@corp.example.com',
  displayName: 'Ada L.',
  nickName: 'countess',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [
    { value: 'ada@home.example.org', type: 'home', primary: true },
    { value: 'ada.lovelace@example.com', type: 'Work' },
  ],
  [ENTERPRISE]: { employeeNumber: '1815' },
};

describe('an attribute', () => {
  test.each<[Partial<Attributes>, string | undefined]>([
    [{}, 'ada@home.example.org'],
    [{ email: 'userName' }, 'ada@corp.example.com'],
    [{ email: 'emails[type eq "work"].value' }, 'ada.lovelace@example.com'],
    [{ email: 'emails[type eq "other"].value' }, undefined],
    [{ email: 'nickName' }, undefined],
  ])('%j gives the e-mail %s', (attributes, email) => {
    expect(emailOf(ada, attributesOf(attributes))).toBe(email);
  });

  test.each<[Partial<Attributes>, string]>([
    [{}, 'ada@corp.example.com'],
    [{ username: 'nickName' }, 'countess'],
    [{ username: 'email', email: 'emails[type eq "work"].value' }, 'ada.lovelace@example.com'],
    [{ username: `${ENTERPRISE}:employeeNumber` }, '1815'],
    [{ username: `${ENTERPRISE}:division` }, 'ada@corp.example.com'],
  ])('%j gives the text of the username %s', (attributes, username) => {
    expect(usernameOf(ada, attributesOf(attributes))).toBe(username);
  });

  test.each<[Partial<Attributes>, string]>([
    [{}, 'Ada L.'],
    [{ name: 'name' }, 'Ada Lovelace'],
    [{ name: 'nickName' }, 'countess'],
  ])('%j gives the name %s', (attributes, name) => {
    expect(fullNameOf(ada, attributesOf(attributes))).toBe(name);
  });

  test.each(['mail', 'emails', 'emails[type eq "work"]', 'name', 'urn:acme:User:x', '__proto__', 'constructor'])(
    'that is none is refused, with what was wanted: %s',
    email => {
      expect(() => attributesOf({ email })).toThrow(/attributes\.email: attribute ".*": wanted "primary", "userName"/);
    },
  );
});

it('accounts are made, found and named by what the app says', async () => {
  const stage = await startStage();
  await stage.declare({
    attributes: { email: 'emails[type eq "work"].value', username: 'nickName', name: 'name' },
  });
  await stage.createUser('ada@corp.example.com', ada);
  await stage.settle();
  expect(stage.coder.snapshot().users['countess']).toMatchObject({
    email: 'ada.lovelace@example.com',
    name: 'Ada Lovelace',
  });
});

it('somebody without the attribute that gives the e-mail is held, and has an account once the app says otherwise', async () => {
  const stage = await startStage();
  await stage.declare({ attributes: { email: 'emails[type eq "other"].value' } });
  await stage.createUser('ada@corp.example.com', { emails: ada['emails'] ?? [] });
  await stage.settle();
  expect((await stage.reconciler.status()).pending).toMatchObject([{ state: 'held', subject: 'ada@corp.example.com' }]);
  await stage.declare({ attributes: {} });
  await stage.settle();
  expect(Object.values(stage.coder.snapshot().users).map(({ email }) => email)).toContain('ada@home.example.org');
});
