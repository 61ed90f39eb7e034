import { Construct } from 'constructs';
import { type EntryKind } from '../bridge/contract/mapping-state/vocabulary';
import { type IMapping, markMapping } from './mapping';
import { ScimApp } from './scim-app';

/** The identity provider's group that a mapping reads: exactly one of the two. */
export interface IdpGroupConfig {
  /**
   * `displayName` of the group, compared without case. After a rename the mapping stays with the group
   * unless `Policies.renamedGroups` says otherwise.
   * @default - `idpGroupExternalId` names the group
   */
  readonly idpGroup?: string;
  /**
   * `externalId` of the group, compared exactly. Survives renames, tells nothing to a reader.
   * @default - `idpGroup` names the group
   */
  readonly idpGroupExternalId?: string;
}

/**
 * One entry of a SCIM app's mapping state. The scope is the app or anything below it; the entry's name in plans and
 * audit lines is its path below the app.
 */
export abstract class Entry extends Construct {
  /** The app that the entry belongs to. */
  readonly app: ScimApp;
  /** Key of the entry in the mapping state. */
  readonly entryName: string;

  /** @internal */
  protected constructor(scope: Construct, id: string, kind: EntryKind, content: object) {
    super(scope, id);
    if ((content as object | undefined) === undefined) throw new Error(`${this.node.path}: has no settings`);
    this.app = ScimApp.of(this);
    const below = this.node.scopes.slice(this.app.node.scopes.length).map(part => part.node.id);
    this.entryName = below.filter(part => part !== 'Default' && part !== 'Resource').join('.');
    this.app._register({ kind, name: this.entryName, content, path: this.node.path });
  }
}

/** An entry that reads a group of the identity provider. */
export abstract class MappingEntry extends Entry implements IMapping {
  readonly idpGroup: string | undefined;
  readonly idpGroupExternalId: string | undefined;
  abstract readonly organization: string | undefined;

  /** @internal */
  protected constructor(scope: Construct, id: string, kind: EntryKind, content: IdpGroupConfig) {
    super(scope, id, kind, content);
    this.idpGroup = content.idpGroup;
    this.idpGroupExternalId = content.idpGroupExternalId;
    markMapping(this);
  }
}
