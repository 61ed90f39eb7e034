/** What is exported of the bridge's state: what is known, and nothing in the place of what is not. */
import { createMetrics, type Sample } from '../../bridge/http/metrics';
import { type Status } from '../../bridge/contract/admin-api';
import { statusOf } from '../support/status';

const KNOWN: Status['coder'] = {
  url: 'https://coder.example.com',
  reachable: true,
  version: '2.30.0',
  account: 'bridge',
  credentialExpiresAt: '2030-01-01T00:00:00.000Z',
  problem: null,
  seats: { used: 3, limit: 10 },
};
const AWAY: Status['coder'] = {
  ...KNOWN,
  reachable: false,
  version: null,
  account: null,
  credentialExpiresAt: null,
  problem: 'connection refused',
  seats: null,
};

const databaseAway = () => Promise.reject(new Error('the database is away'));

/** Metrics of a bridge whose state can be changed, with what is mirrored. */
function setup(first: () => Promise<Status>) {
  let status = first;
  let read: () => Promise<readonly Sample[]> = () => Promise.resolve([]);
  const metrics = createMetrics({
    status: () => status(),
    circuitClosed: () => true,
    mirror: { histogram: () => () => undefined, readAtExport: (_definitions, reader) => void (read = reader) },
  });
  /** Values of series without labels that begin so: at the scrape, and as they are mirrored. */
  async function exported(): Promise<{ scraped: Record<string, number>; mirrored: Record<string, number> }> {
    const { text } = await metrics.render();
    const lines = [...text.matchAll(/^(coder_scim_\w+) (\S+)$/gm)];
    const mirrored = (await read()).filter(
      ({ name, labels }) => name.startsWith('coder_scim_') && Object.keys(labels).length === 0,
    );
    return {
      scraped: Object.fromEntries(lines.map(([, name, value]) => [name, Number(value)])),
      mirrored: Object.fromEntries(mirrored.map(({ name, value }) => [name, value])),
    };
  }
  return { exported, become: (next: () => Promise<Status>) => void (status = next) };
}

const EXPIRY = 'coder_scim_credential_expiry_timestamp_seconds';
const OF_THE_STATE = [
  EXPIRY,
  'coder_scim_coder_up',
  'coder_scim_licence_seats_used',
  'coder_scim_licence_seats_limit',
  'coder_scim_recovery_pending',
];

it.each(['scraped', 'mirrored'] as const)('what is not known has no series where it is %s', async how => {
  const { exported, become } = setup(databaseAway);
  const namesOf = async () => Object.keys((await exported())[how]).filter(name => OF_THE_STATE.includes(name));
  // Before anything was known.
  expect(await namesOf()).toEqual([]);

  become(() => Promise.resolve(statusOf({ coder: KNOWN })));
  expect((await exported())[how]).toMatchObject({
    [EXPIRY]: Date.parse('2030-01-01T00:00:00.000Z') / 1_000,
    coder_scim_coder_up: 1,
    coder_scim_licence_seats_used: 3,
    coder_scim_licence_seats_limit: 10,
    coder_scim_recovery_pending: 0,
  });

  become(() => Promise.resolve(statusOf({ coder: { ...KNOWN, seats: { used: 3, limit: null } } })));
  expect((await namesOf()).sort()).toEqual(
    OF_THE_STATE.filter(name => name !== 'coder_scim_licence_seats_limit').sort(),
  );

  // That Coder is away is known; what it would say is not.
  become(() => Promise.resolve(statusOf({ coder: AWAY })));
  expect((await exported())[how]).toMatchObject({ coder_scim_coder_up: 0, coder_scim_recovery_pending: 0 });
  expect((await namesOf()).sort()).toEqual(['coder_scim_coder_up', 'coder_scim_recovery_pending']);

  become(databaseAway);
  expect(await namesOf()).toEqual([]);
});
