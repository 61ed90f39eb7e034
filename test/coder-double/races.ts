/** The recorded races: the same kind of call sent eight times at once, by title, and a count of what came back. */
import { type CoderDouble } from '../support/coder-double';
import { type Step } from './recording';

type Send = (method: string, path: string, body?: unknown) => Promise<string>;

/** Sends one call and says its status with the message of a refusal. */
function sender(double: CoderDouble): Send {
  return async (method, path, body) => {
    const answer = await fetch(`${double.url}/api/v2${path}`, {
      method,
      headers: { 'coder-session-token': double.token },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const { message } = (await answer.json()) as { message?: string };
    return `${answer.status} ${message ?? ''}`;
  };
}

function callOf(double: CoderDouble, title: string, send: Send): (index: number) => Promise<string> {
  const organization = double.findOrganization();
  const ann = () => double.findUser('ann').id;
  switch (title) {
    case 'create the same user':
      return () => {
        const body = {
          email: 'same@example.com',
          username: 'same',
          login_type: 'oidc',
          organization_ids: [organization.id],
        };
        return send('POST', '/users', body);
      };
    case 'add the same member to a group': {
      const group = double.addGroup('same-member');
      return () => send('PATCH', `/groups/${group.id}`, { add_users: [ann()] });
    }
    case 'add different members to one group': {
      const group = double.addGroup('different-members');
      return index => send('PATCH', `/groups/${group.id}`, { add_users: [double.findUser(`u${index}`).id] });
    }
    case 'create the same group':
      return () => send('POST', `/organizations/${organization.id}/groups`, { name: 'h' });
    case 'set different site roles of one user':
      return index => send('PUT', `/users/${ann()}/roles`, { roles: [index % 2 === 0 ? 'auditor' : 'template-admin'] });
    case 'add one organization member': {
      const other = double.addOrganization('other');
      return () => send('POST', `/organizations/${other.id}/members/${ann()}`);
    }
    default:
      throw new Error(`no race is called "${title}"; say here which call it is`);
  }
}

export async function playRace(double: CoderDouble, step: Step): Promise<Record<string, number>> {
  const call = callOf(double, step.title, sender(double));
  const parallel = step.parallel ?? 1;
  double.faults.gather(parallel);
  const answers = await Promise.all(Array.from({ length: parallel }, (_, index) => call(index)));
  const counts: Record<string, number> = {};
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1;
  return counts;
}
