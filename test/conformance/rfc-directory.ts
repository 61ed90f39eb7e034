/** A small directory after the examples of RFC 7643 §8, with values chosen to tell close readings of the RFC apart. */
import { type ScimServer } from '../support/scim-server';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const SEARCH_REQUEST = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
export const BULK_REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
export const BULK_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';
export const LIST_RESPONSE = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** Everything that RFC 7643 defines for a User, in our own data. */
export const babs = {
  schemas: [USER, ENTERPRISE],
  userName: 'bjensen@example.com',
  externalId: 'Emp-701984',
  name: {
    formatted: "Ms. Barbara J O'Malley, III",
    familyName: "O'Malley",
    givenName: 'Barbara',
    middleName: 'Jane',
    honorificPrefix: 'Ms.',
    honorificSuffix: 'III',
  },
  displayName: 'Babs Jensen',
  nickName: 'Babs',
  profileUrl: 'https://login.example.com/bjensen',
  title: 'Tour Guide',
  userType: 'Employee',
  preferredLanguage: 'en-US',
  locale: 'en-US',
  timezone: 'America/Los_Angeles',
  active: true,
  emails: [
    { value: 'bjensen@example.com', type: 'work', primary: true },
    { value: 'babs@jensen.example.org', type: 'home' },
  ],
  phoneNumbers: [
    { value: '555-555-5555', type: 'work' },
    { value: '555-555-4444', type: 'mobile' },
  ],
  ims: [{ value: 'babs@chat.example.org', type: 'xmpp' }],
  photos: [{ value: 'https://photos.example.com/profile/bjensen/F', type: 'photo' }],
  addresses: [
    {
      type: 'work',
      streetAddress: '100 Universal City Plaza',
      locality: 'Hollywood',
      region: 'CA',
      postalCode: '91608',
      country: 'US',
      primary: true,
    },
    {
      type: 'home',
      streetAddress: '456 Hollywood Blvd',
      locality: 'Hollywood',
      region: 'CA',
      postalCode: '91609',
      country: 'US',
    },
  ],
  entitlements: [{ value: 'vip-lounge' }],
  roles: [{ value: 'guide', primary: true }],
  x509Certificates: [{ value: 'MIIDQzCCAqygAwIBAgICEAAwDQYJ' }],
  [ENTERPRISE]: {
    employeeNumber: '701984',
    costCenter: '4130',
    organization: 'Universal Studios',
    division: 'Theme Park',
    department: 'Tour Operations',
  },
};

const smith = {
  schemas: [USER, ENTERPRISE],
  userName: 'jsmith@example.com',
  externalId: 'emp-12',
  name: { familyName: 'Smith', givenName: 'James' },
  displayName: 'Smith, "Jim" \\ James',
  title: 'Vice President',
  userType: 'Intern',
  active: false,
  // The two halves of `type eq "work" and value co "@example.com"`, in two elements.
  emails: [
    { value: 'jim@home.example', type: 'work' },
    { value: 'james@example.com', type: 'home' },
  ],
  ims: [{ value: 'jim@foo.com', type: 'aim' }],
  [ENTERPRISE]: { department: 'Sales' },
};

const juergen = { schemas: [USER], userName: 'juergen', displayName: 'Jürgen Ärger', active: true };

export interface RfcDirectory {
  readonly ids: Readonly<Record<'babs' | 'smith' | 'juergen' | 'guides' | 'everybody' | 'empty', string>>;
}

/** Three people; two groups of people, one of them in the other, and an empty group. */
export async function fillDirectory(server: ScimServer): Promise<RfcDirectory> {
  const create = async (path: string, body: object) => {
    const answer = await server.call('POST', path, { body });
    if (answer.status !== 201) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return answer.body.id;
  };
  const [one, two, three] = [
    await create('/Users', babs),
    await create('/Users', smith),
    await create('/Users', juergen),
  ];
  const guides = await create('/Groups', { schemas: [GROUP], displayName: 'Tour Guides', members: [{ value: one }] });
  const everybody = await create('/Groups', {
    schemas: [GROUP],
    displayName: 'Everybody',
    externalId: 'All',
    members: [{ value: two }, { value: guides, type: 'Group' }],
  });
  const empty = await create('/Groups', { schemas: [GROUP], displayName: 'Nobody' });
  return { ids: { babs: one, smith: two, juergen: three, guides, everybody, empty } };
}
