/**
 * Recorded exchanges that the double has no answer for, each with its reason: all of them are calls that the product
 * doesn't make. A step that is left out isn't played.
 */
export interface LeftOut {
  readonly file: string;
  /** Titles of the steps. @default the whole file */
  readonly steps?: readonly string[];
  readonly reason: string;
}

const GATEWAY = 'the product asks nothing of the AI gateway';
const QUOTA = 'the product reads no quota of a person';

export const leftOut: readonly LeftOut[] = [
  { file: 'ai-gateway.json', reason: GATEWAY },
  { file: 'ai-gateway-off.json', reason: GATEWAY },
  { file: 'ai-gateway-without-add-on.json', reason: GATEWAY },
  { file: 'ai-gateway-without-licence.json', reason: GATEWAY },
  {
    file: 'seats-workspace-capable.json',
    reason: 'another way to count seats, behind an experiment that no licence has by default',
  },
  {
    file: 'seats.json',
    steps: [
      'status counts',
      'status counts as user-admin',
      'licences as owner',
      'licences as user-admin',
      'licences as auditor',
      'licences as a member',
      'counting again at once, as owner',
      'as user-admin',
    ],
    reason: 'the product takes seats from the entitlements alone and uploads no licence',
  },
  {
    file: 'server-versions-and-rights.json',
    steps: [
      'experiments available, as None',
      'experiments available, as plain',
      'experiments available, as uadmin',
      'experiments available, as owner',
      'deployment stats, as uadmin',
      'deployment stats, as aud',
      'deployment stats, as owner',
      'ssh config, as uadmin',
      'ssh config, as aud',
      'ssh config, as owner',
      'update check',
      'health, as user-admin',
    ],
    reason: 'of the deployment the product reads build, experiments, entitlements and configuration',
  },
  {
    file: 'organization-life.json',
    steps: ['budget of ann: sum of her groups', 'the same as ann', 'as user-admin'],
    reason: QUOTA,
  },
  {
    file: 'organization-life.json',
    steps: [
      'workspace sharing',
      'off',
      'service accounts',
      'unknown',
      'empty body',
      'as user-admin (2)',
      'as user-admin (3)',
    ],
    reason: 'the product leaves the sharing of workspaces alone',
  },
  {
    file: 'organization-life.json',
    steps: ['provisioners of it'],
    reason: 'the product has nothing to do with provisioners, and they hold no deletion back',
  },
  {
    file: 'workspaces-leave-organization.json',
    steps: ['quota of cid in lab, no member any more'],
    reason: QUOTA,
  },
  { file: 'templates-for-groups.json', steps: ['quota of a member'], reason: QUOTA },
  {
    file: 'templates-for-groups.json',
    steps: [
      'available to give: groups and users',
      'available, as uadmin',
      'available, as otadmin',
      'available, as oua',
      'ann changes the template',
      'the ACL keeps bob',
      'the ACL with it',
      'audit rows of the ACL',
    ],
    reason: 'templates are there for the workspaces made of them; the product gives nobody a template',
  },
];

export function isLeftOut(file: string, title: string): boolean {
  return leftOut.some(each => each.file === file && (each.steps?.includes(title) ?? true));
}
