/** Resources in the shape of RFC 7643 §8, with values of our own. */
export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** §8.1: the least a user is. */
export const minimalUser = { schemas: [USER], userName: 'ada@example.com' };

/** §8.2: every core attribute. */
export const fullUser = {
  schemas: [USER],
  externalId: '701984',
  userName: 'ada@example.com',
  name: {
    formatted: 'Countess Ada King Lovelace',
    familyName: 'Lovelace',
    givenName: 'Ada',
    middleName: 'King',
    honorificPrefix: 'Countess',
    honorificSuffix: 'of Lovelace',
  },
  displayName: 'Ada Lovelace',
  nickName: 'Ada',
  profileUrl: 'https://people.example.com/ada',
  title: 'Analyst',
  userType: 'Employee',
  preferredLanguage: 'en-GB',
  locale: 'en-GB',
  timezone: 'Europe/London',
  active: true,
  emails: [
    { value: 'ada@example.com', type: 'work', primary: true },
    { value: 'ada@home.example.org', type: 'home' },
  ],
  phoneNumbers: [
    { value: 'tel:+44-20-5555-0101', type: 'work' },
    { value: 'tel:+44-7700-900123', type: 'mobile' },
  ],
  ims: [{ value: 'ada.im', type: 'xmpp' }],
  photos: [
    { value: 'https://photos.example.com/ada/full', type: 'photo' },
    { value: 'https://photos.example.com/ada/small', type: 'thumbnail' },
  ],
  addresses: [
    {
      formatted: '12 St James Square\nLondon SW1Y 4JH',
      streetAddress: '12 St James Square',
      locality: 'London',
      region: 'Greater London',
      postalCode: 'SW1Y 4JH',
      country: 'GB',
      type: 'work',
      primary: true,
    },
    { locality: 'Ockham', country: 'GB', type: 'home' },
  ],
  entitlements: [{ value: 'engine-room' }],
  roles: [{ value: 'programmer', display: 'Programmer', primary: true }],
  x509Certificates: [{ value: 'MIIDQzCCAqygAwIBAgICEAAwDQYJKoZIhvcNAQEFBQA=' }],
};

/** §8.3: with the enterprise extension. */
export const enterpriseUser = {
  ...fullUser,
  schemas: [USER, ENTERPRISE],
  [ENTERPRISE]: {
    employeeNumber: '1815',
    costCenter: '4130',
    organization: 'Engine Works',
    division: 'Mathematics',
    department: 'Notes',
    manager: { value: '26118915-6090-4610-87e4-49d8ca9f808d' },
  },
};

/** What a service provider adds: `id`, `groups`, `meta`. */
export const renderedUser = {
  ...enterpriseUser,
  id: '2819c223-7f76-453a-919d-413861904646',
  groups: [
    { value: 'e9e30dba', $ref: 'https://scim.example.com/v2/Groups/e9e30dba', display: 'Engineers', type: 'direct' },
    { value: 'fc348aa8', $ref: 'https://scim.example.com/v2/Groups/fc348aa8', display: 'Staff', type: 'indirect' },
  ],
  meta: {
    resourceType: 'User',
    created: '2010-01-23T04:56:22.000Z',
    lastModified: '2011-05-13T04:42:34.000Z',
    version: 'W/"a330bc54f0671c9"',
    location: 'https://scim.example.com/v2/Users/2819c223-7f76-453a-919d-413861904646',
  },
};

/** §8.4. */
export const group = {
  schemas: [GROUP],
  displayName: 'Engineers',
  members: [
    { value: '2819c223', $ref: 'https://scim.example.com/v2/Users/2819c223', display: 'Ada' },
    { value: '902c246b', $ref: '../Groups/902c246b', display: 'Charles' },
  ],
};
