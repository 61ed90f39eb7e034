/**
 * What of a SCIM request's time is the bridge's own, over HTTP, with a bridge and a Coder that have nothing else to do:
 * `npm run build && npx tsx test/bench/requests.ts [--runs 200] [--recorded-latency]`. Limits: 5 ms in the median, 10 ms when somebody leaves.
 * As the bridge measures itself: from a request's arrival to its answer, less its calls to Coder.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ScimAnswer, type Stage, startStage, userBody } from './bridge-stage';
import { ms, printTable, summary } from './measure';

const STATE = {
  groupMappings: { developers: { idpGroup: 'developers', group: 'developers' } },
  roleMappings: { auditors: { idpGroup: 'auditors', role: 'auditor' } },
  // Each run locks somebody out.
  guard: { maxRemovalsPercent: 100, minRemovals: 1_000_000 },
};
const LEAVING_LIMIT_MS = 10;
const LIMIT_MS = 5;

interface Figures {
  /** At the identity provider. */
  readonly seen: number[];
  /** In the bridge. */
  readonly whole: number[];
  readonly own: number[];
  readonly calls: number[];
}

interface Clocks {
  readonly requestsMs: number;
  readonly coderMs: number;
  readonly calls: number;
}

/** What the bridge spent so far, from its metrics. Calls of one request follow each other, so that their times add up. */
async function clocksOf({ bridge }: Stage): Promise<Clocks> {
  const answer = await fetch(`${bridge.url}/metrics`, { headers: { authorization: `Bearer ${bridge.adminToken}` } });
  const lines = (await answer.text()).split('\n');
  const sum = (metric: string): number =>
    lines
      .filter(line => line.startsWith(`${metric}{`))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  return {
    requestsMs: sum('coder_scim_request_duration_seconds_sum') * 1_000,
    coderMs: sum('coder_scim_coder_call_duration_seconds_sum') * 1_000,
    calls: sum('coder_scim_coder_call_duration_seconds_count'),
  };
}

/** Sends what a day consists of, for one person after the other, and measures each request alone. */
async function measure(stage: Stage, runs: number): Promise<Map<string, Figures>> {
  const developers = await stage.createGroup('developers');
  const auditors = await stage.createGroup('auditors');
  await stage.converged();
  const figures = new Map<string, Figures>();
  const take = async (name: string, run: number, request: () => Promise<ScimAnswer>): Promise<ScimAnswer> => {
    const before = await clocksOf(stage);
    const answer = await request();
    const after = await clocksOf(stage);
    const known = figures.get(name) ?? { seen: [], whole: [], own: [], calls: [] };
    figures.set(name, known);
    // The first tenth is warming up.
    if (run >= runs / 10) {
      known.seen.push(answer.ms);
      known.whole.push(after.requestsMs - before.requestsMs);
      known.own.push(after.requestsMs - before.requestsMs - (after.coderMs - before.coderMs));
      known.calls.push(after.calls - before.calls);
    }
    await sleep(5);
    return answer;
  };
  const member = (op: string, id: string): object =>
    op === 'add' ? { op, path: 'members', value: [{ value: id }] } : { op, path: `members[value eq "${id}"]` };
  for (let run = 0; run < runs; run += 1) {
    const name = `r${run}`;
    const filter = encodeURIComponent(`userName eq "${name}@example.com"`);
    await take('look a user up', run, () => stage.scim('GET', `/Users?filter=${filter}`));
    const { body } = await take('create a user', run, () => stage.scim('POST', '/Users', userBody(name)));
    const id = String(body['id']);
    await take('read a user', run, () => stage.scim('GET', `/Users/${id}`));
    await take('change a title', run, () =>
      stage.patch(`/Users/${id}`, { op: 'replace', path: 'title', value: 'Dr.' }),
    );
    await take('give a role, by group', run, () => stage.patch(`/Groups/${auditors}`, member('add', id)));
    await take('take a role, by group', run, () => stage.patch(`/Groups/${auditors}`, member('remove', id)));
    await take('add to a group', run, () => stage.patch(`/Groups/${developers}`, member('add', id)));
    await take('add to a role again', run, () => stage.patch(`/Groups/${auditors}`, member('add', id)));
    const active = (value: boolean) => () => stage.patch(`/Users/${id}`, { op: 'replace', path: 'active', value });
    await take('deactivate', run, active(false));
    await take('reactivate', run, active(true));
    await take('delete a user', run, () => stage.scim('DELETE', `/Users/${id}`));
  }
  return figures;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '200' }, 'recorded-latency': { type: 'boolean', default: false } },
  });
  const stage = await startStage({
    state: STATE,
    double: values['recorded-latency'] ? ['--recorded-latency'] : [],
    env: { CODER_SCIM_LOG_LEVEL: 'info' },
  });
  try {
    const figures = await measure(stage, Number(values.runs));
    const rows = [['request', 'seen outside', 'in the bridge', 'own part', 'p99', 'calls to Coder', 'limit']];
    for (const [name, { seen, whole, own, calls }] of figures) {
      const limit = /^de(activate|lete)/.test(name) ? LEAVING_LIMIT_MS : LIMIT_MS;
      const mine = summary(own);
      rows.push([
        name,
        ms(summary(seen).median),
        ms(summary(whole).median),
        ms(mine.median),
        ms(mine.p99),
        String(summary(calls).median),
        `${limit} ms${mine.median > limit ? ', broken' : ''}`,
      ]);
    }
    printTable(`Requests one by one, ${values.runs} of each (medians)`, rows);
  } finally {
    await stage.close();
  }
}

void main();
