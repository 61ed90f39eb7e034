/** What somebody does in a history, as data: it can be generated, left out when a failure is made smaller, and read by a person. */

export type By = 'PUT' | 'PATCH';

/** People and groups are meant by a key of the history's own; what a key leaves open is made of it. */
export type Step =
  | {
      readonly do: 'hire';
      readonly who: string;
      readonly app?: string;
      /** @default `<who>@corp.example` */
      readonly email?: string;
      /** @default the e-mail */
      readonly userName?: string;
      /** @default `ext-<who>` */
      readonly externalId?: string;
      readonly active?: boolean;
      /** OIDC subject of this person. @default `sub-<who>` */
      readonly subject?: string;
    }
  | {
      readonly do: 'change';
      readonly who: string;
      readonly email?: string;
      readonly userName?: string;
      readonly externalId?: string;
      /** OIDC subject from now on: of another object of the identity provider. */
      readonly subject?: string;
      readonly by?: By;
    }
  | { readonly do: 'leave'; readonly who: string; readonly by?: By }
  | { readonly do: 'return'; readonly who: string; readonly by?: By }
  | { readonly do: 'remove'; readonly who: string }
  | {
      readonly do: 'group';
      readonly group: string;
      readonly app?: string;
      readonly members?: readonly string[];
      /** @default the key */
      readonly name?: string;
      readonly externalId?: string;
    }
  | { readonly do: 'join'; readonly group: string; readonly who: readonly string[] }
  | { readonly do: 'quit'; readonly group: string; readonly who: readonly string[] }
  | { readonly do: 'members'; readonly group: string; readonly who: readonly string[]; readonly by?: By }
  | { readonly do: 'rename'; readonly group: string; readonly to: string }
  | { readonly do: 'move-external-id'; readonly group: string; readonly to: string }
  | { readonly do: 'disband'; readonly group: string }
  | { readonly do: 'bulk'; readonly steps: readonly Step[] }
  /** `apart`: milliseconds between the beginning of one and of the next. @default 0 */
  | { readonly do: 'together'; readonly steps: readonly Step[]; readonly apart?: number }
  | { readonly do: 'declare'; readonly app?: string; readonly document: Declaration }
  | { readonly do: 'undeclare'; readonly app?: string }
  | { readonly do: 'release'; readonly app?: string }
  | { readonly do: 'sweep' }
  | { readonly do: 'backup' }
  | { readonly do: 'restore' }
  | { readonly do: 'hand'; readonly hand: Hand }
  | { readonly do: 'sign-in'; readonly who: string }
  | { readonly do: 'away' }
  | { readonly do: 'back' }
  | { readonly do: 'kill' }
  | { readonly do: 'wait'; readonly seconds: number };

/** What somebody does in Coder, past the bridge. Accounts by username; the organization is Coder's default where it is left out. */
export type Hand =
  | {
      readonly verb: 'add-account';
      readonly username: string;
      readonly email?: string;
      readonly login?: 'oidc' | 'password' | 'none';
      readonly roles?: readonly string[];
      readonly service?: boolean;
      readonly subject?: string;
    }
  | { readonly verb: 'suspend' | 'activate' | 'delete-account'; readonly username: string }
  | { readonly verb: 'rename-account'; readonly username: string; readonly to: string }
  | { readonly verb: 'site-roles'; readonly username: string; readonly roles: readonly string[] }
  | {
      readonly verb: 'organization-roles';
      readonly username: string;
      readonly roles: readonly string[];
      readonly organization?: string;
    }
  | { readonly verb: 'add-organization'; readonly name: string }
  | { readonly verb: 'add-member'; readonly username: string; readonly organization: string }
  | {
      readonly verb: 'add-workspace';
      readonly username: string;
      readonly name: string;
      readonly organization?: string;
      readonly dormant?: boolean;
    }
  | { readonly verb: 'add-group' | 'delete-group'; readonly group: string; readonly organization?: string }
  | {
      readonly verb: 'add-to-group' | 'remove-from-group';
      readonly username: string;
      readonly group: string;
      readonly organization?: string;
    };

/** A mapping state as an author writes it, without what every one has; the history fills in version, app and token. */
export interface Declaration {
  readonly mode?: 'push' | 'claims';
  readonly groupMappings?: Readonly<Record<string, GroupMapping>>;
  readonly roleMappings?: Readonly<Record<string, RoleMapping>>;
  readonly organizationMappings?: Readonly<Record<string, IdpGroup & { readonly organization: string }>>;
  readonly pushedGroups?: { readonly prefix?: string; readonly organization?: string };
  readonly guard?: {
    readonly maxRemovalsPercent?: number;
    readonly minRemovals?: number;
    readonly minOwners?: number;
    readonly protectedAccounts?: readonly string[];
  };
  readonly policies?: Readonly<Record<string, unknown>>;
  readonly [other: string]: unknown;
}

export interface IdpGroup {
  readonly idpGroup?: string;
  readonly idpGroupExternalId?: string;
}

export type GroupMapping = IdpGroup & { readonly group: string; readonly organization?: string };
export type RoleMapping = IdpGroup & { readonly role: string; readonly organization?: string };

/** The app that is meant where none is named. */
export const APP = 'corp';

/** A step as a sentence. */
export function say(step: Step): string {
  switch (step.do) {
    case 'hire':
      return `${step.app ?? 'the identity provider'} creates ${step.who}${step.email === undefined ? '' : ` with ${visible(step.email)}`}${step.active === false ? ', inactive' : ''}`;
    case 'change': {
      const changes = [
        ...(step.email === undefined ? [] : [`e-mail to ${visible(step.email)}`]),
        ...(step.userName === undefined ? [] : [`userName to ${visible(step.userName)}`]),
        ...(step.externalId === undefined ? [] : [`externalId to ${visible(step.externalId)}`]),
      ];
      return `${step.who}: ${changes.join(', ')} (${step.by ?? 'PATCH'})`;
    }
    case 'leave':
      return `${step.who} leaves (active: false, ${step.by ?? 'PATCH'})`;
    case 'return':
      return `${step.who} comes back (active: true, ${step.by ?? 'PATCH'})`;
    case 'remove':
      return `${step.who} is deleted`;
    case 'group':
      return `group ${visible(step.name ?? step.group)} is created with ${list(step.members ?? [])}`;
    case 'join':
      return `${list(step.who)} into group ${step.group}`;
    case 'quit':
      return `${list(step.who)} out of group ${step.group}`;
    case 'members':
      return `members of ${step.group} are now ${list(step.who)} (${step.by ?? 'PATCH'})`;
    case 'rename':
      return `group ${step.group} is renamed to ${visible(step.to)}`;
    case 'move-external-id':
      return `group ${step.group} has externalId ${visible(step.to)}`;
    case 'disband':
      return `group ${step.group} is deleted`;
    case 'bulk':
      return `in one Bulk: ${step.steps.map(say).join('; ')}`;
    case 'together':
      return `at once${step.apart === undefined ? '' : `, ${step.apart} ms apart`}: ${step.steps.map(say).join('; ')}`;
    case 'declare':
      return `the operator declares ${step.app ?? APP}: ${JSON.stringify(step.document)}`;
    case 'undeclare':
      return `the operator deletes app ${step.app ?? APP}`;
    case 'release':
      return `the operator releases what is held of ${step.app ?? APP}`;
    case 'sweep':
      return 'the operator sweeps';
    case 'backup':
      return 'a backup of the database is made';
    case 'restore':
      return 'the backup is restored';
    case 'hand': {
      const { verb, ...rest } = step.hand;
      return `in Coder by hand: ${verb} ${JSON.stringify(rest)}`;
    }
    case 'sign-in':
      return `${step.who} signs in to Coder`;
    case 'away':
      return 'Coder can not be reached any more';
    case 'back':
      return 'Coder is back';
    case 'kill':
      return 'the bridge is killed';
    case 'wait':
      return `${step.seconds} seconds pass`;
  }
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nobody' : names.join(', ');
}

/** Letters beyond ASCII by their number: look-alikes can be told apart. */
export function visible(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/gu, letter => `\\u{${(letter.codePointAt(0) ?? 0).toString(16)}}`);
}

/** What people do in Coder is found by the sweep, and so is what a restored database has forgotten. */
export function needsSweep(steps: readonly Step[]): boolean {
  return steps.some(
    step => step.do === 'hand' || step.do === 'restore' || (step.do === 'together' && needsSweep(step.steps)),
  );
}
