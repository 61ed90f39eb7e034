/** Lines of the audit trail as OCSF events. */
import { toOcsf } from '../../bridge/audit/ocsf';
import { type SealedRecord } from '../../bridge/store/audit/chain';

const line = (change: Partial<SealedRecord>): SealedRecord => ({
  id: 7,
  at: 1_790_000_000_000,
  app: 'okta',
  actor: 'scim',
  token: 'main',
  request_id: 'req-1',
  subject: 'scim-1',
  subject_name: 'alice@example.com',
  coder_user_id: 'coder-1',
  action: 'account.suspend',
  target: null,
  idp_group: null,
  mapping: null,
  before: 'active',
  after: 'suspended',
  result: 'done',
  detail: null,
  seq: 12,
  hash: 'ab'.repeat(32),
  ...change,
});

it('a suspension is an Account Change that says who, why and on whose request, and carries the whole line', () => {
  const suspended = line({});
  expect(toOcsf(suspended, '1.2.3')).toEqual({
    category_uid: 3,
    category_name: 'Identity & Access Management',
    class_uid: 3001,
    class_name: 'Account Change',
    activity_id: 5,
    activity_name: 'account.suspend',
    type_uid: 300105,
    time: 1_790_000_000_000,
    severity_id: 1,
    status_id: 1,
    status: 'done',
    message: 'account.suspend done, alice@example.com: active → suspended',
    metadata: {
      version: '1.5.0',
      product: { name: 'coder-scim', vendor_name: 'coder-scim', version: '1.2.3' },
      uid: suspended.hash,
      sequence: 12,
      log_name: 'audit',
      correlation_uid: 'req-1',
    },
    actor: { app_name: 'okta' },
    user: { name: 'alice@example.com', uid: 'coder-1', uid_alt: 'scim-1' },
    unmapped: suspended,
  });
});

it.each(['operator', 'declaration'] as const)('what a person asked for as %s says who, by name', actor => {
  const released = line({ action: 'guard.release', actor, token: 'olga@example.com' });
  expect(toOcsf(released, '1')['actor']).toEqual({
    app_name: `coder-scim ${actor}`,
    user: { name: 'olga@example.com' },
  });
  expect(toOcsf({ ...released, token: null }, '1')['actor']).toEqual({ app_name: `coder-scim ${actor}` });
});

it.each([
  ['account.create', {}, 300101, { user: expect.anything() as object }],
  ['account.adopt', {}, 300199, {}],
  ['group.add', { target: 'coder/dev' }, 300603, { group: { name: 'coder/dev' }, user: expect.anything() as object }],
  ['group.create', { target: 'coder/dev' }, 300606, { group: { name: 'coder/dev' } }],
  ['organization.remove', { target: 'ops' }, 300502, { privileges: ['member of ops'] }],
  ['site-roles.set', { before: 'auditor', after: 'auditor, owner' }, 300501, { privileges: ['owner'] }],
  ['site-roles.set', { before: 'auditor, owner', after: 'auditor' }, 300502, { privileges: ['owner'] }],
  ['site-roles.set', { before: 'auditor', after: 'owner' }, 300599, { privileges: ['owner'] }],
  ['organization-roles.set', { target: 'ops', before: '', after: 'x' }, 300501, { privileges: ['ops/x'] }],
  ['custom-role.update', { target: 'ops/x' }, 300403, { entity: { name: 'ops/x', type: 'custom-role' } }],
  ['app.declare', { target: 'generation 2', actor: 'declaration' }, 300403, { status_id: 1 }],
  ['app.delete', { target: 'generation 3', actor: 'declaration' }, 300404, { status_id: 1 }],
  ['guard.hold', { target: 'too-many-leavers', result: 'held' }, 300499, { severity_id: 3, status_id: 99 }],
  ['work.park', { target: 'person:1', result: 'failed', actor: 'bridge' }, 300499, { severity_id: 4, status_id: 2 }],
  [
    'something.new',
    { target: null, subject_name: null, app: null },
    300499,
    { entity: { name: 'something.new', type: 'something' } },
  ],
])('%s %j is %i', (action, change, typeUid, wanted) => {
  expect(toOcsf(line({ action, ...change }), '1')).toMatchObject({ type_uid: typeUid, ...wanted });
});
