/** Workspaces of people: made, listed, started, stopped, deleted, made dormant. */
import { Refusal, forbidden, notFound, ok, type Answer } from '../http/answer';
import { readBody, validate } from '../http/body';
import { type Call, type Route } from '../http/call';
import { readPage } from '../http/query';
import { findUser } from '../state/find';
import { isUsername, parseUuid } from '../state/names';
import { type World } from '../world';
import { mayDo, mayRead } from './rights';
import { workspaceTest } from './search';
import { buildChange, buildView, workspaceView } from './views';
import { latestBuild, statusOf, type Transition, type Workspace } from './workspaces';

const TRANSITIONS: readonly string[] = ['start', 'stop', 'delete'];

function running(workspace: Workspace): number {
  return statusOf(workspace) === 'running' ? 0 : 1;
}

/** Running ones first, then by owner and name. */
function inOrder(one: Workspace, other: Workspace): number {
  const keys = [one, other].map(({ owner, name }) => `${owner.usernameKey} ${name}`);
  return running(one) - running(other) || ((keys[0] ?? '') < (keys[1] ?? '') ? -1 : 1);
}

export function workspaceRoutes(world: World): Route[] {
  const { state, workspaces, audit, settings } = world;

  const find = (call: Call): Workspace => {
    const id = parseUuid(call.params.workspace ?? '');
    if (id === undefined) throw new Refusal(400, `Invalid UUID "${call.params.workspace}".`);
    const workspace = workspaces.all.get(id);
    if (!workspace || !mayDo(call.access, workspace, 'read')) throw notFound();
    return workspace;
  };

  const answer = (call: Call, workspace: Workspace): Answer => {
    if (!mayRead(call.access, workspace.template)) throw forbidden();
    return ok(workspaceView(workspace));
  };

  const read = (call: Call): Answer => {
    const workspace = find(call);
    if (statusOf(workspace) === 'deleted' && call.query.get('include_deleted') !== 'true') {
      throw new Refusal(
        410,
        `Workspace "${workspace.id}" was deleted, you can view this workspace by specifying '?include_deleted=true' and trying again.`,
      );
    }
    return answer(call, workspace);
  };

  const byName = (call: Call): Answer => {
    const owner = findUser(state, call);
    const name = settings.fold(call.params.name ?? '');
    const workspace = workspaces.of(owner).find(each => settings.fold(each.name) === name);
    if (!workspace || !mayDo(call.access, workspace, 'read')) throw notFound();
    return answer(call, workspace);
  };

  /** A workspace whose template the account may not see is counted, and yet not in the list. */
  const list = (call: Call): Answer => {
    const page = readPage(call.query);
    const test = workspaceTest(world, call.query.get('q') ?? '', call.access.user);
    const found = [...workspaces.all.values()]
      .filter(each => statusOf(each) !== 'deleted' && mayDo(call.access, each, 'read') && test(each))
      .sort(inOrder);
    const end = page.limit === 0 ? undefined : page.offset + page.limit;
    const shown = found.slice(page.offset, end).filter(({ template }) => mayRead(call.access, template));
    return ok({ workspaces: shown.map(each => workspaceView(each)), count: found.length });
  };

  const create = (call: Call): Answer => {
    const owner = findUser(state, call);
    const { template_id: id = '', name = '' } = readBody(call.body, { template_id: 'uuid', name: 'string' });
    validate([{ field: 'name', value: name, tag: 'username', holds: isUsername(name) }]);
    const template = workspaces.templates.get(id);
    if (!template || !mayRead(call.access, template)) {
      throw new Refusal(400, `Template "${id}" doesn't exist.`, {
        validations: [{ field: 'template_id', detail: 'template not found' }],
      });
    }
    const own = owner === call.access.user && owner.memberships.has(template.organization.id);
    if (!own && !call.access.can('workspace', 'create', template.organization)) throw notFound();
    if (workspaces.of(owner).some(each => settings.fold(each.name) === settings.fold(name))) {
      throw new Refusal(409, `Workspace "${name}" already exists.`, {
        validations: [{ field: 'name', detail: 'This value is already in use and should be unique.' }],
      });
    }
    const workspace = workspaces.add(owner, template, name, call.access.user);
    audit.record(call, {
      type: 'workspace',
      id: workspace.id,
      target: name,
      action: 'create',
      status: 201,
      organization: template.organization,
    });
    audit.record(call, buildChange(workspace, latestBuild(workspace)));
    return ok(workspaceView(workspace, true), 201);
  };

  const build = (call: Call): Answer => {
    const workspace = find(call);
    const { transition = '' } = readBody(call.body, { transition: 'string', orphan: 'boolean' });
    const known = TRANSITIONS.includes(transition);
    validate([
      { field: 'transition', value: transition, tag: 'required', holds: transition !== '' },
      { field: 'transition', value: transition, tag: 'oneof', holds: known },
    ]);
    const wanted = transition as Transition;
    if (!mayRead(call.access, workspace.template)) {
      throw new Refusal(500, 'failed to fetch template', {
        detail: `get template ${workspace.template.id}: unauthorized: rbac: forbidden`,
      });
    }
    if (!mayDo(call.access, workspace, wanted)) {
      const detail = forbidden().extra.detail ?? '';
      throw new Refusal(403, `You do not have permission to ${wanted} this workspace.`, { detail });
    }
    const made = workspaces.build(workspace, wanted, call.access.user);
    audit.record(call, buildChange(workspace, made));
    return ok(buildView(workspace, made, true), 201);
  };

  const builds = (call: Call): Answer => {
    const workspace = find(call);
    return ok([...workspace.builds].reverse().map(each => buildView(workspace, each)));
  };

  const dormant = (call: Call): Answer => {
    const workspace = find(call);
    if (!mayDo(call.access, workspace, 'update')) throw forbidden();
    const { dormant: wanted = false } = readBody(call.body, { dormant: 'boolean' });
    if (wanted === (workspace.dormantAt !== null)) return { status: 304 };
    workspaces.setDormant(workspace, wanted);
    return ok(workspaceView(workspace));
  };

  return [
    { method: 'GET', path: '/workspaces', handle: list },
    { method: 'GET', path: '/workspaces/:workspace', handle: read },
    { method: 'GET', path: '/workspaces/:workspace/builds', handle: builds },
    { method: 'POST', path: '/workspaces/:workspace/builds', handle: build },
    { method: 'PUT', path: '/workspaces/:workspace/dormant', handle: dormant },
    { method: 'POST', path: '/users/:user/workspaces', handle: create },
    { method: 'GET', path: '/users/:user/workspace/:name', handle: byName },
  ];
}
