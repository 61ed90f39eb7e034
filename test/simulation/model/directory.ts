/**
 * What the identity providers said and the operator declared, as they would tell it. Shares no code with the product: what the
 * bridge has to make of it is worked out here once more, from the words of the promises.
 */
import { type Declaration } from '../histories/step';

export interface Person {
  readonly key: string;
  readonly app: string;
  subject: string;
  email: string;
  userName: string;
  externalId: string;
  active: boolean;
  /** Deleted in the directory. */
  gone: boolean;
  /** SCIM id, once the bridge has said it. */
  id: string | undefined;
  readonly formerEmails: Set<string>;
  /** A request that makes the person leave has been sent, answered or not. */
  leaving: boolean;
  /**
   * The account of somebody else that the person signed in to while their address was the same, before the bridge had dealt with that: Coder
   * knows the person by it for ever, and tells nobody.
   */
  mistaken: string | undefined;
}

export interface Group {
  readonly key: string;
  readonly app: string;
  name: string;
  externalId: string | undefined;
  /** Keys of people. */
  members: Set<string>;
  gone: boolean;
  /** It was gone, and no mapping read it, when a declaration came: to later ones it never was. */
  forgotten?: boolean;
  id: string | undefined;
  /** Names and externalIds under which it has had a member: one that never had any says nothing yet. */
  readonly counted: { readonly names: Set<string>; readonly externalIds: Set<string> };
}

/** Notes that a group says something, once somebody is in it. */
export function count({ members, name, externalId, counted }: Group): void {
  if (members.size === 0) return;
  counted.names.add(name);
  if (externalId !== undefined) counted.externalIds.add(externalId);
}

export interface App {
  readonly name: string;
  document: Declaration;
  /** Deleted by the operator. */
  gone: boolean;
}

export class Directory {
  readonly people = new Map<string, Person>();
  readonly groups = new Map<string, Group>();
  readonly apps = new Map<string, App>();
  /** Addresses with which a request under way lets somebody in: the bridge may have it before it has been answered. */
  readonly stating = new Set<readonly string[]>();

  person(key: string): Person {
    const person = this.people.get(key);
    if (person === undefined) throw new Error(`the history knows nobody called ${key}`);
    return person;
  }

  group(key: string): Group {
    const group = this.groups.get(key);
    if (group === undefined) throw new Error(`the history knows no group ${key}`);
    return group;
  }

  /** Whom some app still calls active. */
  isIn(person: Person): boolean {
    return person.active && !person.gone && this.apps.get(person.app)?.gone === false;
  }

  /** Everybody with this address now, compared exactly but for the case of A to Z. */
  bearers(email: string): Person[] {
    return [...this.people.values()].filter(person => !person.gone && sameAddress(person.email, email));
  }

  /** Whether somebody is in with this address now, had it and is in with another, or is just being let in with it. */
  isBorne(email: string): boolean {
    const stated = [...this.stating].flat();
    const isStated = (address: string): boolean => stated.some(one => sameAddress(one, address));
    return isStated(email) || this.everBearers(email).some(person => this.isIn(person) || isStated(person.email));
  }

  /** Everybody who has or had this address. */
  everBearers(email: string): Person[] {
    return [...this.people.values()].filter(
      person => sameAddress(person.email, email) || [...person.formerEmails].some(former => sameAddress(former, email)),
    );
  }
}

/** One rule for who somebody is: NFC, letters A to Z without case, everything else exactly. */
export function sameAddress(a: string, b: string): boolean {
  return folded(a) === folded(b);
}

// Signs that Unicode writes as letters in NFC, Kelvin, Angstrom and Ohm: they look the same, and nobody is called so.
const SIGNS = /([\u212a\u212b\u2126])/u;

export function folded(text: string): string {
  return text
    .split(SIGNS)
    .map(part => (SIGNS.test(part) ? part : part.normalize('NFC')))
    .join('')
    .replace(/[A-Z]/g, letter => String.fromCharCode(letter.charCodeAt(0) + 32));
}
