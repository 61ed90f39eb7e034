/** Mode claims with mappings into another organization: plan and apply name whom Coder's organization sync takes out of organizations. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningBridge, scimToken, startBridge } from '../support/bridge';
import { type CoderDouble, startCoderDouble } from '../support/coder-double';
import { coderScim, type Ran } from './terminal-double';

let coder: CoderDouble;
let bridge: RunningBridge;
const folder = mkdtempSync(join(tmpdir(), 'coder-scim-sync-'));
const document = {
  version: 1,
  app: 'acme',
  mode: 'claims',
  tokens: scimToken().tokens,
  groupMappings: { lab: { idpGroup: 'lab', organization: 'lab', group: 'lab' } },
};
const run = (command: string, content: object): Promise<Ran> => {
  const path = join(folder, 'state.json');
  writeFileSync(path, JSON.stringify(content));
  return coderScim([command, path], {
    environment: { CODER_SCIM_URL: bridge.url, CODER_SCIM_ADMIN_TOKEN: bridge.adminToken },
  });
};

beforeAll(async () => {
  coder = await startCoderDouble({ rateLimitPerMinute: 0 });
  coder.addOrganization('lab');
  coder.addUser('bridge', { roles: ['owner'] });
  coder.addUser('rita', { organizations: ['coder', 'lab'] });
  bridge = await startBridge({ coderUrl: coder.url, coderToken: coder.issueToken('bridge') });
});

afterAll(async () => {
  await bridge.stop();
  await coder.close();
  rmSync(folder, { recursive: true });
});

it('names nobody as long as the word for it is not declared', async () => {
  expect((await run('plan', document)).out).toContain('claims.organizations is not declared');
  const { code, err } = await run('apply', document);
  expect([code, err]).toEqual([0, '']);
  expect(coder.snapshot().organizationSync.field).toBe('');
});

it('names them in plan, and again when it is applied', async () => {
  const declared = { ...document, claims: { organizations: 'groups' } };
  expect((await run('plan', declared)).out).toMatch(/rita +organization\.remove +lab/);
  const { code, err } = await run('apply', declared);
  expect(code).toBe(0);
  expect(err).toBe(
    'warning: organization sync takes 1 membership at the next sign-in, with the roles and groups there:\n  rita leaves lab\n',
  );
  expect(coder.snapshot().organizationSync.field).toBe('groups');
  // Written once, it is nothing new.
  expect((await run('apply', declared)).err).toBe('');
});
