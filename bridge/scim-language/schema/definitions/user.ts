/** The User schema of RFC 7643 §4.1, in full. */
import { type SchemaDefinition } from '../attribute';
import { binary, complex, flag, list, reference, text } from '../define';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

export const userSchema: SchemaDefinition = {
  id: USER_SCHEMA,
  name: 'User',
  description: 'A person or service account',
  attributes: [
    text('userName', 'Name the user signs in with; unique in the directory.', { required: true, uniqueness: 'server' }),
    complex('name', "Parts of the user's name.", [
      text('formatted', 'Full name as it is to be shown, with titles and suffixes.'),
      text('familyName', 'Family name, or last name in most Western languages.'),
      text('givenName', 'Given name, or first name in most Western languages.'),
      text('middleName', 'Middle names.'),
      text('honorificPrefix', 'Title before the name.'),
      text('honorificSuffix', 'Suffix after the name.'),
    ]),
    text('displayName', 'Name of the user as people are to see it.'),
    text('nickName', 'Casual name, as the user is addressed by colleagues.'),
    reference('profileUrl', "URL of the user's page.", ['external']),
    text('title', "The user's title, such as Vice President."),
    text('userType', 'Relationship to the organization, such as Employee or Contractor.'),
    text('preferredLanguage', 'Preferred languages in the form of an Accept-Language header.'),
    text('locale', 'Locale for currency, dates and numbers, such as en-US.'),
    text('timezone', 'Time zone by its IANA name, such as Europe/Berlin.'),
    flag('active', 'Whether the user may use the service.'),
    text('password', 'Clear-text password; accepted and discarded, never kept and never returned.', {
      caseExact: true,
      mutability: 'writeOnly',
      returned: 'never',
    }),
    list('emails', 'E-mail addresses.', text('value', 'An e-mail address.'), ['work', 'home', 'other']),
    list('phoneNumbers', 'Telephone numbers.', text('value', 'A telephone number, best in the form of RFC 3966.'), [
      'work',
      'home',
      'mobile',
      'fax',
      'pager',
      'other',
    ]),
    list('ims', 'Instant messaging addresses.', text('value', 'An instant messaging address.'), [
      'aim',
      'gtalk',
      'icq',
      'xmpp',
      'msn',
      'skype',
      'qq',
      'yahoo',
    ]),
    list('photos', 'Pictures of the user.', reference('value', 'URL of a picture.', ['external']), [
      'photo',
      'thumbnail',
    ]),
    complex(
      'addresses',
      'Postal addresses.',
      [
        text('formatted', 'Full address as it is to be shown, with line breaks.'),
        text('streetAddress', 'Street, house number, P.O. box; may hold line breaks.'),
        text('locality', 'City.'),
        text('region', 'State or region.'),
        text('postalCode', 'Postal code.'),
        text('country', 'Country as a two-letter code of ISO 3166-1.'),
        text('type', 'What the address is used for.', { canonicalValues: ['work', 'home', 'other'] }),
        flag('primary', 'Marks the preferred address; true at most once in the list.'),
      ],
      { multiValued: true },
    ),
    complex(
      'groups',
      'Groups the user belongs to, directly or through other groups; changed through the Group resource only.',
      [
        text('value', 'Identifier of the group.', { caseExact: true, mutability: 'readOnly' }),
        reference('$ref', 'URI of the group.', ['User', 'Group'], { mutability: 'readOnly' }),
        text('display', 'Name of the group.', { mutability: 'readOnly' }),
        text('type', 'How the user belongs to the group.', {
          canonicalValues: ['direct', 'indirect'],
          mutability: 'readOnly',
        }),
      ],
      { multiValued: true, mutability: 'readOnly' },
    ),
    list('entitlements', 'Things the user is entitled to.', text('value', 'An entitlement.'), []),
    list('roles', 'Roles of the user.', text('value', 'A role.'), []),
    list('x509Certificates', 'Certificates of the user.', binary('value', 'A DER certificate in base64.'), []),
  ],
};
