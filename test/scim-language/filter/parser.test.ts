import { type Filter } from '../../../bridge/scim-language/filter/ast';
import { parseFilter, parsePath } from '../../../bridge/scim-language/filter/parser';
import { printFilter } from '../../../bridge/scim-language/filter/print';
import { groupType, userType } from '../../../bridge/scim-language/schema/resource-types';
import { containing, lenient, refusal } from '../leniency';
import { ENTERPRISE, GROUP, USER } from '../schema/documents';

const printed = (text: string) => printFilter(parseFilter(text, userType));

/** The tree as nested lists, with names for attributes. */
function shape(filter: Filter): unknown {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return [filter.kind, ...filter.terms.map(shape)];
    case 'not':
      return ['not', shape(filter.term)];
    case 'valuePath':
      return [filter.attribute.path, shape(filter.filter)];
    case 'comparison':
      return `${(filter.path.subAttribute ?? filter.path.attribute).path} ${filter.operator}`;
    case 'presence':
      return `${(filter.path.subAttribute ?? filter.path.attribute).path} pr`;
    case 'constant':
      return filter.value;
  }
}

describe('filters that RFC 7644 §3.4.2.2 gives as examples', () => {
  test.each([
    'userName eq "bjensen"',
    `name.familyName co "O'Malley"`,
    'userName sw "J"',
    `${USER}:userName sw "J"`,
    'title pr',
    'meta.lastModified gt "2011-05-13T04:42:34Z"',
    'meta.lastModified ge "2011-05-13T04:42:34Z"',
    'meta.lastModified lt "2011-05-13T04:42:34Z"',
    'meta.lastModified le "2011-05-13T04:42:34Z"',
    'title pr and userType eq "Employee"',
    'title pr or userType eq "Intern"',
    `schemas eq "${ENTERPRISE}"`,
    'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")',
    'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
    'userType eq "Employee" and (emails.type eq "work")',
    'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]',
    'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
  ])('%s', text => {
    const filter = parseFilter(text, userType);
    expect(parseFilter(printFilter(filter), userType)).toEqual(filter);
  });
});

describe('how filters are read', () => {
  test.each([
    [
      'precedence: and binds closer than or',
      'title pr or nickName pr and active eq true',
      ['or', 'title pr', ['and', 'nickName pr', 'active eq']],
    ],
    [
      'precedence: and first, then or',
      'title pr and nickName pr or active eq true',
      ['or', ['and', 'title pr', 'nickName pr'], 'active eq'],
    ],
    [
      'grouping',
      '(title pr or nickName pr) and active eq true',
      ['and', ['or', 'title pr', 'nickName pr'], 'active eq'],
    ],
    [
      'flat and',
      'title pr and (nickName pr and (active eq true and locale pr))',
      ['and', 'title pr', 'nickName pr', 'active eq', 'locale pr'],
    ],
    ['not binds closest', 'not (title pr) and nickName pr', ['and', ['not', 'title pr'], 'nickName pr']],
    ['not without a space', 'not(title pr)', ['not', 'title pr']],
    [
      'operators in any case',
      'TITLE PR AND NOT (nickname EQ "a") Or locale Co "x"',
      ['or', ['and', 'title pr', ['not', 'nickName eq']], 'locale co'],
    ],
    ['a complex attribute is its value', 'emails eq "a"', 'emails.value eq'],
    ['a manager is its value', `${ENTERPRISE}:manager eq "26"`, `${ENTERPRISE}:manager.value eq`],
    ['presence of a complex attribute is its own', 'emails pr', 'emails pr'],
    ['presence of an extension', `${ENTERPRISE} pr`, `${ENTERPRISE} pr`],
    ['URN of the core schema', `${USER.toLowerCase()}:NAME.givenname eq "a"`, 'name.givenName eq'],
    ['URN of an extension', `${ENTERPRISE}:department eq "a"`, `${ENTERPRISE}:department eq`],
    ['value path', 'emails[type eq "work"]', ['emails', 'emails.type eq']],
    [
      'value path with a condition behind it binds one element',
      'emails[type eq "work"].value eq "a"',
      ['emails', ['and', 'emails.type eq', 'emails.value eq']],
    ],
    [
      'value path with presence behind it',
      'emails[type eq "work" or primary eq true].value pr',
      ['emails', ['and', ['or', 'emails.type eq', 'emails.primary eq'], 'emails.value pr']],
    ],
    [
      'value path with grouping and not',
      'emails[not (type eq "work") and (primary eq true or value ew "x")]',
      ['emails', ['and', ['not', 'emails.type eq'], ['or', 'emails.primary eq', 'emails.value ew']]],
    ],
    [
      'spaces are free',
      '  (  title   pr )\tand  emails[ type  eq "work" ]  ',
      ['and', 'title pr', ['emails', 'emails.type eq']],
    ],
    ['a string with brackets and operators in it', 'title eq "a) or (b[c] and \\"d\\""', 'title eq'],
  ])('%s', (_, text, tree) => {
    expect(shape(parseFilter(text, userType))).toEqual(tree);
  });

  test.each([
    ['title eq "\\u00e4\\n\\"\\\\\\/"', 'ä\n"\\/'],
    ['title eq "\\ud83d\\ude00"', '😀'],
    ['title eq ""', ''],
    ['title eq null', null],
    ['active eq true', true],
    ['active ne false', false],
    ['meta.created gt "2015-10-10T14:38:21.8617979-07:00"', '2015-10-10T21:38:21.861Z'],
    ['meta.created sw "2015-10"', '2015-10'],
  ])('the literal of %s is %j', (text, value) => {
    expect(parseFilter(text, userType)).toMatchObject({ kind: 'comparison', value });
  });

  test.each([
    ['emails[type eq "work"].value eq "x"', 'emails[type eq "work" and value eq "x"]'],
    ['((title pr) OR (nickName PR))', 'title pr or nickName pr'],
    ['(title pr or nickName pr) and not (active eq true)', '(title pr or nickName pr) and not (active eq true)'],
    [`${ENTERPRISE.toUpperCase()}:manager eq "1"`, `${ENTERPRISE}:manager.value eq "1"`],
    ['meta.created eq "2011-05-13T04:42:34+01:00"', 'meta.created eq "2011-05-13T03:42:34.000Z"'],
  ])('%s is printed as %s', (text, canonical) => {
    expect(printed(text)).toBe(canonical);
  });
});

describe('filters that are refused with position and expectation', () => {
  test.each<[string, number, string]>([
    ['', 1, 'name of an attribute'],
    ['   ', 4, 'name of an attribute'],
    ['userName', 9, 'one of eq, ne, co, sw, ew, gt, ge, lt, le, pr'],
    ['userName eq', 12, 'a string in double quotes or null'],
    ['userName is "x"', 10, 'got "is", wanted one of eq, ne'],
    ['userName eqq "x"', 10, 'got "eqq"'],
    ['userName eq x', 13, 'a string in double quotes'],
    ["userName eq 'x'", 13, 'a string in double quotes'],
    ['userName eq 5', 13, 'got "5", wanted a string in double quotes'],
    ['userName eq "x', 13, 'a string that is not closed'],
    ['userName eq "\\x"', 13, 'wrong escape'],
    ['userName eq "\\ud800"', 13, 'lone surrogate'],
    ['userName eq "a\\u0000"', 13, 'NUL'],
    ['userName eq"x"', 12, 'a string in double quotes'],
    ['userName eq "x" "y"', 17, '"and", "or" or the end of the filter'],
    ['userName eq "x" and', 20, 'a space after "and"'],
    ['userName eq "x" and ', 21, 'name of an attribute'],
    ['userName eq "x"and title pr', 16, 'a space before "and"'],
    ['title pr and(userName pr)', 13, 'a space after "and"'],
    ['and title pr', 1, 'an attribute of User'],
    ['(title pr', 10, '"and", "or" or ")"'],
    ['title pr)', 9, 'the end of the filter'],
    ['not title pr', 5, '"(" after "not"'],
    ['title pr "x"', 10, 'the end of the filter'],
    ['shoeSize eq 5', 1, 'got "shoeSize", wanted an attribute of User'],
    ['name.maidenName pr', 1, 'an attribute of User'],
    ['department eq "x"', 1, 'an attribute of User'],
    ['urn:example:x:y eq "x"', 1, 'an attribute of User'],
    ['members eq "x"', 1, 'an attribute of User'],
    ['password eq "x"', 1, 'an attribute that is returned'],
    ['active gt true', 8, 'one of eq, ne, pr for the boolean active'],
    ['active co true', 8, 'one of eq, ne, pr'],
    ['active eq "true"', 11, 'true or false without quotes or null'],
    ['active eq True', 11, 'true or false without quotes'],
    ['x509Certificates.value gt "AA=="', 24, 'for the binary x509Certificates.value'],
    ['meta.created gt "yesterday"', 17, 'a date and time'],
    ['meta.created gt 2011-05-13T04:42:34Z', 17, 'a date and time'],
    ['title gt null', 10, 'a string in double quotes'],
    ['title eq NULL', 10, 'a string'],
    ['name eq "x"', 6, 'a comparison of a sub-attribute of name'],
    ['addresses eq "x"', 11, 'a comparison of a sub-attribute of addresses'],
    [`${ENTERPRISE} eq "x"`, 60, 'a comparison of a sub-attribute'],
    ['emails[type eq "work"', 22, '"and", "or" or "]"'],
    ['emails[]', 8, 'name of an attribute'],
    ['emails[type eq "work"] eq "x"', 24, 'the end of the filter'],
    ['emails[type eq "work"].shoe eq "x"', 23, 'one of value, display, type, primary of emails'],
    ['emails[type eq "work"].value', 29, 'one of eq'],
    ['emails[userName eq "work"]', 8, 'one of value, display, type, primary of emails'],
    ['emails[value[type eq "x"]]', 13, 'one of eq'],
    ['userName[value eq "x"]', 9, 'userName has no elements'],
    ['userName eq "x";drop', 16, 'the end of the filter'],
    ['\u00e4 eq "x"', 1, 'an attribute'],
    ['__proto__ pr', 1, 'an attribute'],
  ])('%j', (text, position, wanted) => {
    expect(refusal(() => parseFilter(text, userType))).toMatchObject({
      status: 400,
      scimType: 'invalidFilter',
      detail: containing(wanted),
    });
    expect(refusal(() => parseFilter(text, userType)).detail).toContain(`at character ${position}:`);
  });
});

describe('a query over several types (RFC 7644 §3.4.2.1)', () => {
  const shared = (text: string) => shape(parseFilter(text, groupType, { otherTypes: [userType] }));

  test.each([
    ['userName eq "x" or displayName eq "y"', ['or', false, 'displayName eq']],
    ['userName ne "x"', true],
    ['userName pr', false],
    ['title eq null', true],
    ['title ne null', false],
    ['emails[type eq "work"] and displayName pr', ['and', false, 'displayName pr']],
    ['emails[type eq "work"].value eq "x"', false],
    [`${USER}:userName eq "x"`, false],
  ])('%s on groups', (text, tree) => {
    expect(shared(text)).toEqual(tree);
  });

  test('an attribute of no type is refused, and a literal of the wrong type too', () => {
    expect(refusal(() => shared('shoeSize eq "x"')).scimType).toBe('invalidFilter');
    expect(refusal(() => shared('active eq "x"')).scimType).toBe('invalidFilter');
  });
});

describe('PATCH paths (RFC 7644 §3.5.2, figure 7)', () => {
  test.each([
    ['members', groupType, { attribute: 'members' }],
    ['name.familyName', userType, { attribute: 'name', sub: 'name.familyName' }],
    ['addresses[type eq "work"]', userType, { attribute: 'addresses', filter: 'addresses.type eq' }],
    ['members[value eq "2819c223"]', groupType, { attribute: 'members', filter: 'members.value eq' }],
    [
      'members[value eq "2819c223"].display',
      groupType,
      { attribute: 'members', filter: 'members.value eq', sub: 'members.display' },
    ],
    [
      `${ENTERPRISE}:manager.value`,
      userType,
      { attribute: `${ENTERPRISE}:manager`, sub: `${ENTERPRISE}:manager.value` },
    ],
    [
      `${USER}:emails[type eq "work" and not (primary eq true)].value`,
      userType,
      { attribute: 'emails', filter: ['and', 'emails.type eq', ['not', 'emails.primary eq']], sub: 'emails.value' },
    ],
    [ENTERPRISE, userType, { attribute: ENTERPRISE }],
  ])('%s', (text, type, wanted) => {
    const { attribute, filter, subAttribute } = parsePath(text, type) ?? {};
    expect({
      attribute: attribute?.path,
      ...(filter === undefined ? {} : { filter: shape(filter) }),
      ...(subAttribute === undefined ? {} : { sub: subAttribute.path }),
    }).toEqual(wanted);
  });

  test.each([
    ['', 'invalidPath'],
    [' userName', 'invalidPath'],
    ['userName ', 'invalidPath'],
    ['userName eq "x"', 'invalidPath'],
    ['shoeSize', 'invalidPath'],
    ['name.familyName.x', 'invalidPath'],
    ['emails.value[type eq "work"]', 'invalidPath'],
    ['emails[type eq "work"].value.x', 'invalidPath'],
    ['emails[type eq "work"]value', 'invalidPath'],
    ['emails[type eq "work"] .value', 'invalidPath'],
    ['emails [type eq "work"]', 'invalidPath'],
    ['emails[type eq "work"', 'invalidFilter'],
    ['emails[type is "work"]', 'invalidFilter'],
    ['emails[shoe eq "work"]', 'invalidFilter'],
    ['userName[value eq "x"]', 'invalidFilter'],
    [`${ENTERPRISE}[department eq "x"]`, 'invalidFilter'],
    [GROUP, 'invalidPath'],
    ['"userName"', 'invalidPath'],
    ['/userName', 'invalidPath'],
  ])('%j is refused with %s', (text, scimType) => {
    expect(refusal(() => parsePath(text, userType))).toMatchObject({ status: 400, scimType });
  });
});

describe('dialects', () => {
  test('booleanStrings: a quoted boolean', () => {
    const leniency = lenient('booleanStrings');
    expect(parseFilter('active eq "True"', userType, leniency)).toMatchObject({ value: true });
    expect(parsePath('roles[primary eq "False"].value', userType, leniency)?.filter).toMatchObject({ value: false });
    expect(leniency.count).toEqual([
      ['booleanStrings', 'active'],
      ['booleanStrings', 'roles.primary'],
    ]);
    expect(refusal(() => parseFilter('active eq "yes"', userType, leniency)).scimType).toBe('invalidFilter');
  });

  test('unquotedFilterValues: a word as a string', () => {
    const leniency = lenient('unquotedFilterValues');
    expect(parseFilter('userName sw O', userType, leniency)).toMatchObject({ value: 'O' });
    expect(parseFilter('meta.Created gt 2015-10-10T14:38:21.8617979-07:00', userType, leniency)).toMatchObject({
      value: '2015-10-10T21:38:21.861Z',
    });
    expect(leniency.count).toHaveLength(2);
  });

  test('flatExtension: an attribute of the extension without its URN', () => {
    expect(printFilter(parseFilter('department eq "x"', userType, lenient('flatExtension')))).toBe(
      `${ENTERPRISE}:department eq "x"`,
    );
  });
});
