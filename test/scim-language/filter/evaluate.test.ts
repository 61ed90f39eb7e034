import { evaluateFilter } from '../../../bridge/scim-language/filter/evaluate';
import { parseFilter } from '../../../bridge/scim-language/filter/parser';
import { type JsonObject } from '../../../bridge/scim-language/json';
import { dateTime, decimal, integer, text as string } from '../../../bridge/scim-language/schema/define';
import { withExtensions } from '../../../bridge/scim-language/schema/resource-type';
import { groupType, userType } from '../../../bridge/scim-language/schema/resource-types';
import { ENTERPRISE, USER, renderedUser } from '../schema/documents';

const meets = (text: string, resource: object = renderedUser, type = userType) =>
  evaluateFilter(parseFilter(text, type), resource as JsonObject);

describe('what a filter matches (RFC 7644 §3.4.2.2)', () => {
  test.each([
    // Equality and case
    ['userName eq "ada@example.com"', true],
    ['userName eq "ADA@EXAMPLE.COM"', true],
    ['userName eq "ada"', false],
    ['userName ne "ada"', true],
    ['userName ne "Ada@Example.com"', false],
    ['externalId eq "701984"', true],
    ['id eq "2819c223-7f76-453a-919d-413861904646"', true],
    ['id eq "2819C223-7F76-453A-919D-413861904646"', false],
    [`schemas eq "${ENTERPRISE.toUpperCase()}"`, true],
    [`schemas.value eq "${USER}"`, true],
    // Parts
    ['name.familyName co "LACE"', true],
    ['name.familyName sw "love"', true],
    ['name.familyName ew "ACE"', true],
    ['name.familyName sw "ace"', false],
    ['name.familyName co ""', true],
    ['title co "%"', false],
    ['title sw "A_alyst"', false],
    ['profileUrl sw "https://"', true],
    ['profileUrl sw "HTTPS://"', false],
    // Order
    ['userName gt "acme"', true],
    ['userName lt "ACME"', false],
    ['userName ge "ada@example.com"', true],
    ['userName gt "ada@example.com"', false],
    ['userName le "B"', true],
    // Instants
    ['meta.lastModified eq "2011-05-13T06:42:34+02:00"', true],
    ['meta.lastModified gt "2011-05-13T04:42:33.999Z"', true],
    ['meta.lastModified gt "2011-05-13T04:42:34Z"', false],
    ['meta.lastModified ge "2011-05-12T23:42:34-05:00"', true],
    ['meta.created lt "2010-01-23T04:56:22.001Z"', true],
    ['meta.lastModified sw "2011-05-13t"', true],
    // Booleans
    ['active eq true', true],
    ['active ne true', false],
    // Presence and null
    ['title pr', true],
    ['name pr', true],
    ['emails pr', true],
    ['emails.display pr', false],
    ['emails.primary pr', true],
    [`${ENTERPRISE} pr`, true],
    [`${ENTERPRISE}:manager.$ref pr`, false],
    ['meta pr', true],
    ['title eq null', false],
    ['title ne null', true],
    ['emails.display eq null', true],
    // Several values
    ['emails eq "ada@home.example.org"', true],
    ['emails.type eq "home"', true],
    ['emails.type ne "home"', true],
    ['emails.type ne "fax"', true],
    ['not (emails.type eq "home")', false],
    ['emails.primary eq true', true],
    ['emails.primary ne true', true],
    ['groups.display eq "engineers"', true],
    ['groups eq "E9E30DBA"', false],
    // One element
    ['emails[type eq "home" and value co "home"]', true],
    ['emails[type eq "work" and value co "home"]', false],
    ['emails.type eq "work" and emails.value co "home"', true],
    ['emails[type eq "WORK"].value eq "ADA@example.com"', true],
    ['emails[type eq "home"].value eq "ada@example.com"', false],
    ['emails[type eq "home" and not (primary pr)]', true],
    ['emails[primary ne true]', true],
    ['emails[type eq "fax" or type eq "home"]', true],
    ['name[familyName eq "lovelace" and givenName eq "ada"]', true],
    ['name[familyName eq "lovelace" and givenName eq "bob"]', false],
    ['schemas[value ew ":user"]', true],
    // Logic
    ['title pr and userType eq "Employee" or nickName eq "x"', true],
    ['nickName eq "x" or title pr and userType eq "Intern"', false],
    ['not (title pr) or not (locale eq "de")', true],
    // Extension
    [`${ENTERPRISE}:department eq "NOTES"`, true],
    [`${ENTERPRISE}:manager eq "26118915-6090-4610-87e4-49d8ca9f808d"`, true],
    [`${ENTERPRISE}:manager.value sw "26118915"`, true],
  ])('%s: %s', (text, result) => {
    expect(meets(text)).toBe(result);
  });
});

describe('a value that is missing', () => {
  const bare = { schemas: [USER], id: '1', userName: 'ada' };

  test.each(['eq', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'])('meets no %s', operator => {
    expect(meets(`title ${operator} "x"`, bare)).toBe(false);
    expect(meets(`title ${operator} ""`, bare)).toBe(false);
    expect(meets(`emails ${operator} "x"`, bare)).toBe(false);
    expect(meets(`name.givenName ${operator} "x"`, bare)).toBe(false);
    expect(meets(`${ENTERPRISE}:department ${operator} "x"`, bare)).toBe(false);
    expect(meets(`emails[type eq "work" and value ${operator} "x"]`, bare)).toBe(false);
  });

  test('differs from anything (RFC 7643 §2.5: it is null)', () => {
    for (const name of ['title', 'emails', 'emails.type', 'name.givenName', `${ENTERPRISE}:department`]) {
      expect(meets(`${name} ne "x"`, bare)).toBe(true);
      expect(meets(`${name} eq null`, bare)).toBe(true);
      expect(meets(`${name} ne null`, bare)).toBe(false);
      expect(meets(`${name} pr`, bare)).toBe(false);
    }
    expect(meets('active ne true', bare)).toBe(true);
    expect(meets('emails[type ne "work"]', bare)).toBe(false);
    expect(meets('emails[type ne "work"]', { ...bare, emails: [{ value: 'a' }] })).toBe(true);
    expect(meets('emails.type ne "work"', { ...bare, emails: [{ value: 'a' }, { value: 'b', type: 'work' }] })).toBe(
      true,
    );
    expect(meets('emails.type ne "work"', { ...bare, emails: [{ value: 'b', type: 'work' }] })).toBe(false);
  });

  test.each([null, '', [], {}, [null], [''], [{}], [{ value: null }]])('pr is false for %j', emails => {
    expect(meets('emails pr', { ...bare, emails })).toBe(false);
  });
});

describe('text', () => {
  test('without case in every script', () => {
    expect(meets('displayName eq "ΟΔΥΣΣΕΎΣ"', { displayName: 'οδυσσεύς' })).toBe(true);
    expect(meets('displayName sw "ΟΔΥΣ"', { displayName: 'οδυσσεύς' })).toBe(true);
    expect(meets('displayName eq "ÄRZTE"', { displayName: 'a\u0308rzte' })).toBe(true);
  });

  test('in the order of code points', () => {
    expect(meets('displayName gt "\uffff"', { displayName: '😀' })).toBe(true);
    expect(meets('displayName gt "Z"', { displayName: 'a' })).toBe(false);
    expect(meets('displayName lt "_"', { displayName: 'A' })).toBe(false);
  });
});

describe('numbers, dates and lists of plain values', () => {
  const URN = 'urn:example:numbers';
  const type = withExtensions(userType, [
    {
      required: false,
      schema: {
        id: URN,
        name: 'Numbers',
        description: 'Numbers',
        attributes: [
          integer('trips', ''),
          decimal('rating', ''),
          dateTime('joined', ''),
          string('tags', '', { multiValued: true, caseExact: true }),
        ],
      },
    },
  ]);
  const resource = { [URN]: { trips: 3, rating: 4.5, joined: '2011-05-13T04:42:34.000Z', tags: ['red', 'Blue'] } };

  test.each([
    ['trips eq 3', true],
    ['trips eq 3.0', true],
    ['trips gt 2', true],
    ['trips le -3e0', false],
    ['trips ne 4', true],
    ['rating ge 4.5', true],
    ['rating lt 4.5', false],
    ['joined eq "2011-05-13T04:42:34Z"', true],
    ['tags eq "red"', true],
    ['tags eq "blue"', false],
    ['tags[value sw "B"]', true],
    ['tags[value sw "B" and value sw "r"]', false],
  ])('%s: %s', (text, result) => {
    expect(meets(`${URN}:${text}`, resource, type)).toBe(result);
  });
});

test('members are filtered by value, type and $ref', () => {
  const group = {
    displayName: 'a',
    members: [
      { value: 'u1', type: 'User' },
      { value: 'g1', type: 'Group' },
    ],
  };
  expect(meets('members eq "u1"', group, groupType)).toBe(true);
  expect(meets('id eq "x" and members eq "u1"', { ...group, id: 'x' }, groupType)).toBe(true);
  expect(meets('members[type eq "group" and value eq "u1"]', group, groupType)).toBe(false);
  expect(meets('members[type eq "group"].value eq "g1"', group, groupType)).toBe(true);
});

test('keys that every object inherits are no attributes', () => {
  expect(meets('title pr', Object.create({ title: 'x' }) as object)).toBe(false);
});
