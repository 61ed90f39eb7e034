/** `coderscim_status`: what the bridge says of itself, for outputs and `check` blocks. */
// Not by the contract's door: behind it are the shapes of all answers, which are loaded when somebody asks.
import { isConverged } from '../bridge/contract/admin-api/is-converged';
import { type Bridge, explainRefusal } from './bridge';
import { bool, defineDataSource, nested, nestedList, nestedMap, number, string } from './plugin';

const said = { computed: true } as const;

const attributes = {
  version: string({ ...said, description: 'version of the bridge' }),
  converged: bool({
    ...said,
    description:
      'whether Coder agrees with every app, nothing waits or is held, no recovery is pending, and nothing is left of an app that was deleted',
  }),
  recovery: string({
    ...said,
    description:
      'why nothing is given and nothing taken, as after a restored backup, until `coder-scim recover` has ended it; null when all is',
  }),
  coder: nested(
    {
      url: string({ ...said, description: 'address of Coder' }),
      reachable: bool({ ...said, description: 'whether it answers' }),
      version: string({ ...said, description: 'version of Coder' }),
      problem: string({ ...said, description: 'what is wrong, if anything' }),
    },
    { ...said, description: 'Coder as the bridge sees it' },
  ),
  apps: nestedMap(
    {
      generation: number({ ...said, description: 'counts the changes of the app' }),
      scim_base_url: string({ ...said, description: 'address for the identity provider' }),
      converged: bool({ ...said, description: 'whether Coder agrees with it; false while a recovery is pending' }),
      users: number({ ...said, description: 'people in its directory' }),
      groups: number({ ...said, description: 'groups in its directory' }),
      waiting: number({ ...said, description: 'changes not done yet' }),
      held: number({ ...said, description: 'changes that something must happen for' }),
      parked: number({ ...said, description: 'changes that failed too often' }),
      refused: number({ ...said, description: 'refused requests that would have locked somebody out' }),
      last_error: string({ ...said, description: 'last failure' }),
    },
    { ...said, description: 'apps by name' },
  ),
  holds: nestedList(
    {
      id: string({ ...said, description: 'id to release it by' }),
      app: string({ ...said, description: 'name of the app' }),
      reason: string({ ...said, description: 'limit that it would exceed' }),
      people: number({ ...said, description: 'people concerned' }),
    },
    { ...said, description: 'plans that wait for an operator' },
  ),
};

export const statusDataSource = defineDataSource<typeof attributes, Bridge>({
  schema: { attributes, description: 'What the bridge says of itself.' },
  async read(_config, { client, signal }) {
    const status = await client
      .ask(signal, bridge => bridge.status(signal))
      .catch((error: unknown) => {
        throw explainRefusal(error, 'read the status of the bridge');
      });
    const { url, reachable, version, problem } = status.coder;
    return {
      version: status.version,
      converged: isConverged(status),
      recovery: status.recovery,
      coder: { url, reachable, version, problem },
      apps: Object.fromEntries(
        status.apps.map(app => [
          app.app,
          {
            generation: app.generation,
            scim_base_url: app.scimBaseUrl,
            converged: app.converged && status.recovery === null,
            users: app.users,
            groups: app.groups,
            waiting: app.waiting,
            held: app.held,
            parked: app.parked,
            refused: app.refused,
            last_error: app.lastError,
          },
        ]),
      ),
      holds: status.holds.map(({ id, app, reason, people }) => ({ id, app, reason, people })),
    };
  },
});
