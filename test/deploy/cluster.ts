/** A Kubernetes API that has one workload and nothing else: as much as helm's `lookup` asks. A program of its own, since tests wait for helm. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const PROGRAM = `
const [kind, name] = process.argv.slice(1);
const plural = kind.toLowerCase() + 's';
const kinds = ['Deployment', 'StatefulSet'];
const resources = kinds.map(one => ({ name: one.toLowerCase() + 's', singularName: '', namespaced: true, kind: one, verbs: ['get', 'list'] }));
const group = { name: 'apps', versions: [{ groupVersion: 'apps/v1', version: 'v1' }], preferredVersion: { groupVersion: 'apps/v1', version: 'v1' } };
const answers = {
  '/version': { major: '1', minor: '30', gitVersion: 'v1.30.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/api/v1': { kind: 'APIResourceList', groupVersion: 'v1', resources: [] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] },
  '/apis/apps/v1': { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'apps/v1', resources },
};
answers['/apis/apps/v1/namespaces/default/' + plural + '/' + name] = { apiVersion: 'apps/v1', kind, metadata: { name, namespace: 'default' } };
const absent = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'NotFound', code: 404 };
const server = require('node:http').createServer((request, response) => {
  const found = answers[request.url.split('?')[0]];
  response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(found ?? absent));
});
server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));
`;

export async function startCluster(
  kind: 'Deployment' | 'StatefulSet',
  name: string,
): Promise<{ url: string; stop(): void }> {
  const child = spawn(process.execPath, ['-e', PROGRAM, kind, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { url: said.toString().trim(), stop: () => void child.kill() };
}
