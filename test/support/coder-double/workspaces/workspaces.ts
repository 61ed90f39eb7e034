/** Workspaces and the templates they are made of: what there is, and the changes to it. Nothing here refuses. */
import { type Chance } from '../state/chance';
import { type Clock } from '../state/clock';
import { type Organization, type User } from '../state/entities';
import { type Settings } from '../settings';

export type Transition = 'start' | 'stop' | 'delete';
export type WorkspaceStatus = 'running' | 'stopped' | 'deleted';
export type TemplateRole = 'use' | 'admin';

export interface Template {
  readonly id: string;
  readonly organization: Organization;
  readonly name: string;
  readonly activeVersionId: string;
  readonly creator: User;
  readonly createdAt: string;
  /** By the id of a group; Everyone's is the organization's. */
  readonly groupRoles: Map<string, TemplateRole>;
  /** By the id of a person; an entry outlives their membership. */
  readonly userRoles: Map<string, TemplateRole>;
}

/** A build is done as soon as it is made; only the answer that made it says `pending`. */
export interface Build {
  readonly id: string;
  readonly number: number;
  readonly transition: Transition;
  readonly reason: 'initiator' | 'autostop';
  readonly initiator: User;
  readonly createdAt: string;
  /** Where it is not done: at work, or it failed. */
  state?: 'pending' | 'failed';
}

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly owner: User;
  readonly template: Template;
  readonly organization: Organization;
  readonly createdAt: string;
  dormantAt: string | null;
  /** Oldest first, at least one. */
  readonly builds: Build[];
}

const STATUS: Readonly<Record<Transition, WorkspaceStatus>> = { start: 'running', stop: 'stopped', delete: 'deleted' };

export function latestBuild(workspace: Workspace): Build {
  return workspace.builds[workspace.builds.length - 1] as Build;
}

export function statusOf(workspace: Workspace): WorkspaceStatus {
  return STATUS[latestBuild(workspace).transition];
}

export class Workspaces {
  readonly templates = new Map<string, Template>();
  /** By id, the deleted too. */
  readonly all = new Map<string, Workspace>();
  private readonly byOwner = new Map<User, Workspace[]>();
  private readonly clock: Clock;
  private readonly chance: Chance;

  constructor({ clock, chance }: Pick<Settings, 'clock' | 'chance'>) {
    this.clock = clock;
    this.chance = chance;
  }

  private time(): string {
    return new Date(this.clock.now()).toISOString();
  }

  /** What is there and not deleted. */
  of(owner: User): Workspace[] {
    return (this.byOwner.get(owner) ?? []).filter(workspace => statusOf(workspace) !== 'deleted');
  }

  in(organization: Organization): Workspace[] {
    return [...this.all.values()].filter(
      workspace => workspace.organization === organization && statusOf(workspace) !== 'deleted',
    );
  }

  templatesIn(organization: Organization): Template[] {
    return [...this.templates.values()].filter(template => template.organization === organization);
  }

  addTemplate(organization: Organization, name: string, creator: User, everyoneMayUse: boolean): Template {
    const template: Template = {
      id: this.chance.uuid(),
      organization,
      name,
      activeVersionId: this.chance.uuid(),
      creator,
      createdAt: this.time(),
      groupRoles: new Map(everyoneMayUse ? [[organization.id, 'use']] : []),
      userRoles: new Map(),
    };
    this.templates.set(template.id, template);
    return template;
  }

  /** It runs at once. */
  add(owner: User, template: Template, name: string, initiator: User): Workspace {
    const workspace: Workspace = {
      id: this.chance.uuid(),
      name,
      owner,
      template,
      organization: template.organization,
      createdAt: this.time(),
      dormantAt: null,
      builds: [],
    };
    this.build(workspace, 'start', initiator);
    this.all.set(workspace.id, workspace);
    this.byOwner.set(owner, [...(this.byOwner.get(owner) ?? []), workspace]);
    return workspace;
  }

  build(workspace: Workspace, transition: Transition, initiator: User, reason: Build['reason'] = 'initiator'): Build {
    const build: Build = {
      id: this.chance.uuid(),
      number: workspace.builds.length + 1,
      transition,
      reason,
      initiator,
      createdAt: this.time(),
    };
    workspace.builds.push(build);
    return build;
  }

  setDormant(workspace: Workspace, dormant: boolean): void {
    workspace.dormantAt = dormant ? this.time() : null;
  }

  /**
   * One run of Coder's executor: what runs for a suspended person is stopped in that person's name, but for what is
   * dormant. Leaving an organization or losing a template stops nothing.
   *
   * @returns the workspaces that were stopped
   */
  runLifecycle(): Workspace[] {
    const due = [...this.all.values()].filter(
      workspace =>
        statusOf(workspace) === 'running' && workspace.dormantAt === null && workspace.owner.status === 'suspended',
    );
    for (const workspace of due) this.build(workspace, 'stop', workspace.owner, 'autostop');
    return due;
  }
}
