import { type IConstruct } from 'constructs';

const MAPPING = Symbol.for('coder-scim.Mapping');

/** What a mapping reads and gives, for whoever goes through a declaration: an Aspect, a report. */
export interface IMapping extends IConstruct {
  /** `displayName` of the identity provider's group; undefined where `idpGroupExternalId` names it. */
  readonly idpGroup: string | undefined;
  /** `externalId` of the identity provider's group. */
  readonly idpGroupExternalId: string | undefined;
  /** Organization that it is about; undefined for a site role, and for Coder's default organization. */
  readonly organization: string | undefined;
}

/** Whether a construct is a mapping, also one of another copy of this package. */
export function isMapping(construct: IConstruct): construct is IMapping {
  return MAPPING in construct;
}

/** @internal */
export function markMapping(construct: IConstruct): void {
  Object.defineProperty(construct, MAPPING, { value: true });
}
