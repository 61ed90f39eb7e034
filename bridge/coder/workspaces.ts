/** Workspaces of people, as far as somebody's leaving needs them: which there are, which run, and stopping one. */
import * as z from 'zod';
import { CoderError } from './transport/errors';
import { type Transport } from './transport/transport';
import { type CoderUser, type CoderWorkspace, WorkspacePage } from './types';
import { identityKey } from '../contract/identity';

export interface WorkspacesOfPerson {
  /** In every organization, those included that the person has left. */
  readonly workspaces: readonly CoderWorkspace[];
  /** How many more Coder counts without showing them: the account may not read their templates. */
  readonly hidden: number;
}

export interface WorkspaceCalls {
  /**
   * What a person has. One call for most people. An account that may not read workspaces gets an empty list and no
   * error, so "none" counts only together with `workspaceRights`.
   * @throws CoderError `incomplete_listing`; `unsupported` for the username `me`, which means the caller here
   */
  listWorkspaces(owner: Pick<CoderUser, 'id' | 'username'>): Promise<WorkspacesOfPerson>;
  /**
   * Asks Coder to stop a workspace, which takes it a while; no call when it is down or going down, since each call makes
   * another build. Not idempotent in Coder, and harmless when repeated.
   * @throws CoderError `forbidden` when the account may read it and not stop it, or may not read its template;
   *   `not_found_or_forbidden`; refused `build-active` while another build is at work
   */
  stopWorkspace(workspace: CoderWorkspace): Promise<'stopping' | 'unchanged'>;
}

const PAGE = 100;
const LIST = 'GET /workspaces';

/**
 * Whether something of a workspace may run: everything but what was stopped or deleted, or is about to be. A build that
 * failed or was cancelled may have left it running.
 */
export function mayRun({ build }: Pick<CoderWorkspace, 'build'>): boolean {
  return build.transition === 'start' || build.status === 'failed' || build.status === 'canceled';
}

export function workspaceCalls(transport: Transport): WorkspaceCalls {
  return {
    async listWorkspaces({ id, username }) {
      if (identityKey(username) === 'me')
        throw new CoderError(`${LIST}: workspaces of the username "me" can not be asked for, it means the caller`, {
          kind: 'unsupported',
          route: LIST,
        });
      const found = new Map<string, CoderWorkspace>();
      let shown = 0;
      let count: number | undefined;
      for (let offset = 0; count === undefined || offset < count; offset += PAGE) {
        const page = await transport.send({
          method: 'GET',
          path: '/workspaces',
          query: { q: `owner:${username}`, limit: PAGE, offset: offset === 0 ? undefined : offset },
          read: WorkspacePage,
        });
        count ??= page.count;
        shown += page.workspaces.length;
        // The username may be somebody else's by now.
        for (const workspace of page.workspaces) if (workspace.ownerId === id) found.set(workspace.id, workspace);
      }
      return { workspaces: [...found.values()], hidden: Math.max(0, (count ?? 0) - shown) };
    },
    async stopWorkspace(workspace) {
      if (!mayRun(workspace)) return 'unchanged';
      try {
        await transport.send({
          method: 'POST',
          path: '/workspaces/{workspace}/builds',
          params: { workspace: workspace.id },
          body: { transition: 'stop' },
          read: z.unknown(),
        });
        return 'stopping';
      } catch (error) {
        throw isTemplateHidden(error) ? templateHidden(error) : error;
      }
    },
  };
}

/** Coder answers a missing right on the template as its own failure. */
function isTemplateHidden(error: unknown): error is CoderError {
  return error instanceof CoderError && error.status === 500 && /^failed to fetch template/i.test(error.answer ?? '');
}

function templateHidden(error: CoderError): CoderError {
  return new CoderError(
    `${error.route} answered 500: ${error.answer ?? ''}; the bridge's account may not read the workspace's template: give it template: read, and run coder-scim doctor`,
    { kind: 'forbidden', route: error.route, status: error.status, answer: error.answer, cause: error },
  );
}
