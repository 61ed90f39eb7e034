/** Templates, workspaces and builds as JSON says them. */
import { type Change } from '../audit/audit-log';
import { latestBuild, type Build, type Template, type Workspace } from './workspaces';

const STATUS = { start: 'running', stop: 'stopped', delete: 'deleted' } as const;

/** What the audit log says of a build. */
export function buildChange(workspace: Workspace, build: Build): Change {
  return {
    type: 'workspace_build',
    id: build.id,
    target: '',
    action: build.transition,
    organization: workspace.organization,
    more: {
      build_number: String(build.number),
      build_reason: build.reason,
      workspace_id: workspace.id,
      workspace_name: workspace.name,
      workspace_owner: '',
    },
  };
}

/** @param pending as the call that made it answers: nothing has been done yet */
export function buildView(workspace: Workspace, build: Build, pending = false): Record<string, unknown> {
  return {
    id: build.id,
    created_at: build.createdAt,
    updated_at: build.createdAt,
    workspace_id: workspace.id,
    workspace_name: workspace.name,
    workspace_owner_id: workspace.owner.id,
    workspace_owner_name: workspace.owner.username,
    template_version_id: workspace.template.activeVersionId,
    build_number: build.number,
    transition: build.transition,
    initiator_id: build.initiator.id,
    initiator_name: build.initiator.username,
    job: { id: build.id, created_at: build.createdAt, status: pending ? 'pending' : (build.state ?? 'succeeded') },
    reason: build.reason,
    resources: [],
    status: pending ? 'pending' : (build.state ?? STATUS[build.transition]),
  };
}

export function workspaceView(workspace: Workspace, pending = false): Record<string, unknown> {
  const { template, owner, organization } = workspace;
  const build = latestBuild(workspace);
  return {
    id: workspace.id,
    created_at: workspace.createdAt,
    updated_at: build.createdAt,
    owner_id: owner.id,
    owner_name: owner.username,
    owner_avatar_url: owner.avatarUrl,
    organization_id: organization.id,
    organization_name: organization.name,
    template_id: template.id,
    template_name: template.name,
    template_display_name: '',
    template_icon: '',
    template_active_version_id: template.activeVersionId,
    latest_build: buildView(workspace, build, pending),
    outdated: false,
    name: workspace.name,
    last_used_at: build.createdAt,
    deleting_at: null,
    dormant_at: workspace.dormantAt,
    health: { healthy: true, failing_agents: [] },
    automatic_updates: 'never',
    favorite: false,
    is_prebuild: owner.isSystem,
  };
}

export function templateView(template: Template): Record<string, unknown> {
  const { organization } = template;
  return {
    id: template.id,
    created_at: template.createdAt,
    updated_at: template.createdAt,
    organization_id: organization.id,
    organization_name: organization.name,
    organization_display_name: organization.displayName,
    name: template.name,
    display_name: '',
    description: '',
    active_version_id: template.activeVersionId,
    // The server counts once an hour, and those who used one lately.
    active_user_count: 0,
    created_by_id: template.creator.id,
    created_by_name: template.creator.username,
    deleted: false,
    deprecated: false,
  };
}
