/** What the directory refuses, each with its facts; the SCIM side turns them into answers. Thrown before anything is written. */
import { shown } from '../../scim-language/errors';
import { type UserOrGroup } from './resources';

/** Another resource of the app has the value (409 uniqueness). */
export class UniquenessError extends Error {
  override readonly name = 'UniquenessError';
  constructor(
    readonly resourceType: UserOrGroup,
    readonly attribute: 'userName' | 'displayName',
    readonly value: string,
  ) {
    super(
      `${attribute} ${shown(value)} is taken by another ${resourceType}: wanted a value that no other has in the app`,
    );
  }
}

/** A text is longer than an index takes, or than one of a resource may be (400 invalidValue). */
export class TextTooLong extends Error {
  override readonly name = 'TextTooLong';
  constructor(attribute: string, bytes: number, most: number) {
    super(`${attribute}: got ${bytes} bytes of UTF-8, wanted at most ${most}`);
  }
}

/** A user holds more than one may (400 invalidValue). */
export class DocumentTooLong extends Error {
  override readonly name = 'DocumentTooLong';
  constructor(bytes: number, most: number, largest: string) {
    super(`User as a whole, most of it ${largest}: got ${bytes} bytes of JSON, wanted at most ${most}`);
  }
}

/** The resource is at a version that the caller did not expect (412). */
export class VersionMismatch extends Error {
  override readonly name = 'VersionMismatch';
  constructor(
    readonly id: string,
    readonly version: number,
    readonly expected: readonly number[],
  ) {
    super(
      `resource ${id} is at version ${version}, wanted ${expected.length === 0 ? 'none that ever existed' : expected.slice(0, 5).join(' or ')}: read it again`,
    );
  }
}

/** Members that are no User or Group of the app, or not of the type that was stated (400 invalidValue). */
export class UnknownMembers extends Error {
  override readonly name = 'UnknownMembers';
  constructor(readonly ids: readonly string[]) {
    super(
      `${ids.length === 1 ? 'member' : `${ids.length} members, the first`} ${shown(ids[0])} not found: wanted ids of users or groups that exist in the app`,
    );
  }
}

/** Groups as members, where the app's policy refuses them (400 invalidValue). */
export class NestedGroupsRefused extends Error {
  override readonly name = 'NestedGroupsRefused';
  constructor(readonly ids: readonly string[]) {
    super(
      `member ${shown(ids[0])} is a group: wanted users only, because the policy nestedGroups of the app is "refuse"`,
    );
  }
}

/** A group would contain itself, directly or through other groups (400 invalidValue). */
export class GroupCycle extends Error {
  override readonly name = 'GroupCycle';
  constructor(
    readonly groupId: string,
    readonly memberId: string,
  ) {
    super(`member ${shown(memberId)} contains group ${shown(groupId)}: wanted groups without a circle`);
  }
}

/** A filter that would cause more work than one request may: too many comparisons, of too much text (400 tooMany). */
export class CostlyFilter extends Error {
  override readonly name = 'CostlyFilter';
}

/** A cursor that was not issued here, was changed, or belongs to another app, token or query (400 invalidCursor). */
export class InvalidCursor extends Error {
  override readonly name = 'InvalidCursor';
}

/** A cursor whose time is over (400 expiredCursor). */
export class ExpiredCursor extends Error {
  override readonly name = 'ExpiredCursor';
}

/** A `count` that is not the one of the first page (400 invalidCount). */
export class InvalidCount extends Error {
  override readonly name = 'InvalidCount';
}
