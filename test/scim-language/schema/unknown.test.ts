import { namesAccess } from '../../../bridge/scim-language/schema/unknown';

describe('names that speak of who has access', () => {
  test.each([
    ['is_active', 'active'],
    ['isActive', 'active'],
    ['ISACTIVE', 'active'],
    ['userIDActive', 'active'],
    ['urn:example:User:accountIsActive', 'active'],
    ['groupMembers', 'members'],
    ['GroupMember', 'members'],
    ['groupmembers', 'members'],
  ] as const)('%s is %s', (name, attribute) => {
    expect(namesAccess(name)).toBe(true);
    expect(['active', 'members'].filter(one => namesAccess(name, one as typeof attribute))).toEqual([attribute]);
  });

  // Attributes of directories, and words that hold the letters: an administrator who maps one is not stopped by it.
  test.each([
    'memberOf',
    'memberOfGroupIDs',
    'memberSince',
    'membership',
    'remember',
    'activeDirectoryId',
    'ActiveSyncEnabled',
    'lastActive',
    'level2Active',
    'mfaActive',
    'isBoardMember',
    'numberOfMembers',
    'urn:example:User:staffMember',
    'lastActiveAt',
    'lastActiveDate',
    'activeX',
    'active2',
    'inactive',
    'inActive',
    'isInactive',
    'interactive',
    'proactive',
    'activated',
  ])('%s is not one', name => {
    expect(namesAccess(name)).toBe(false);
  });
});
