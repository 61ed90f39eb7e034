/** The database goes away in a leaver's request: the leaver is out when a request says so, whichever it is, and nobody's tries are used up. */
import { type OwnPostgres, startOwnPostgres } from '../support/own-postgres';
import { findPostgres } from '../support/postgres-server';
import { until } from '../support/until';
import { type IdentityProvider, patch } from './identity-provider';
import { type Access, startAccess } from './stage';

const found = findPostgres();
const binaries = found !== undefined && 'binaries' in found ? found.binaries : undefined;
const INACTIVE = patch({ op: 'replace', path: 'active', value: false });

(binaries === undefined ? describe.skip : describe)('Postgres that goes away in the request of a leaver', () => {
  let postgres: OwnPostgres;
  let access: Access;
  let okta: IdentityProvider;
  let ada: string;

  beforeEach(async () => {
    postgres = await startOwnPostgres(binaries ?? '');
    access = await startAccess(
      { backend: 'postgres', freshUrl: () => Promise.resolve(postgres.url) },
      { processes: true },
    );
    okta = await access.app('okta', { roleMappings: { owners: { idpGroup: 'adm', role: 'owner' } } });
    ada = await okta.hire('ada');
    await okta.group('adm', [ada, await okta.hire('keeper')]);
    await access.settled();
    access.coder.activate('ada');
  });
  afterEach(async () => {
    await access.stop();
    await postgres.remove();
  });

  const isOut = () => access.coder.describe('ada').status === 'suspended';

  it.each([
    ['takes the role', { method: 'PUT', path: /roles$/ }],
    ['locks the account', { method: 'PUT', path: /suspend$/ }],
  ])('has nobody answer that it is done before it is, while Coder %s', async (_, call) => {
    const held = access.coder.faults.hold(call);
    const first = okta.send('PATCH', `/Users/${ada}`, INACTIVE).then(({ status }) => ({ status, out: isOut() }));
    await held.arrived;
    await postgres.stop();
    held.release();
    await postgres.start();
    let outAtAnswer = false;
    await until('an answer', async () => {
      const { status } = await okta.send('PATCH', `/Users/${ada}`, INACTIVE);
      outAtAnswer = isOut();
      return status < 300;
    });
    expect(outAtAnswer).toBe(true);
    const { status, out } = await first;
    expect(status === 503 || out).toBe(true);
  });

  it('is no failed try: the work is done again at once, by the same bridge', async () => {
    const held = access.coder.faults.hold({ method: 'PUT', path: /roles$/ });
    const first = okta.send('PATCH', `/Users/${ada}`, INACTIVE);
    await held.arrived;
    await postgres.restart('immediate');
    held.release();
    await first;
    await until('the leaver is out', isOut);
    const { status } = await okta.send('DELETE', `/Users/${ada}`);
    expect([200, 204]).toContain(status);
    await access.settled();
    expect((await access.status()).pending).toEqual([]);
  });
});
