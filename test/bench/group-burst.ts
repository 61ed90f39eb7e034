/**
 * A thousand single-member PATCHes of one group, as fast as an identity provider sends them: one after the other, and eight at a time.
 * `npm run build && npx tsx test/bench/group-burst.ts [--members 1000]`. Limit: all arrive, with at most 50 PATCHes to Coder.
 */
import { parseArgs } from 'node:util';
import { inParallel, startStage } from './bridge-stage';
import { ms, printTable, summary } from './measure';

const LIMIT = 50;

async function burst(members: number, parallel: number, latency: readonly string[]): Promise<string[]> {
  const stage = await startStage({
    state: { groupMappings: { all: { idpGroup: 'all', group: 'all' } } },
    connections: Math.max(parallel, 8),
    double: latency,
  });
  try {
    const ids: string[] = [];
    await inParallel(
      Array.from({ length: members }, (_, index) => index),
      8,
      async index => void (ids[index] = await stage.createUser(`m${index}`)),
    );
    const group = await stage.createGroup('all');
    await stage.converged();
    await stage.double.takeCalls();
    const times: number[] = [];
    const started = performance.now();
    await inParallel(ids, parallel, async value => {
      const answer = await stage.patch(`/Groups/${group}`, { op: 'add', path: 'members', value: [{ value }] });
      times.push(answer.ms);
    });
    const sent = performance.now() - started;
    const rest = await stage.converged();
    const calls = await stage.double.takeCalls();
    const patches = calls.filter(call => call.method === 'PATCH');
    const inside = (await membersInCoder(stage.double.url)).length;
    return [
      `${parallel} at a time${latency.length === 0 ? '' : ', as slow as a real server'}`,
      `${(sent / 1_000).toFixed(1)} s`,
      `${(rest / 1_000).toFixed(1)} s`,
      ms(summary(times).median),
      ms(summary(times).p99),
      `${inside} of ${members}`,
      `${patches.length}${patches.length > LIMIT ? ` (limit ${LIMIT})` : ''}`,
      String(calls.length - patches.length),
      (members / patches.length).toFixed(0),
    ];
  } finally {
    await stage.close();
  }
}

async function membersInCoder(url: string): Promise<readonly string[]> {
  const state = (await (await fetch(`${url}/__double/state`)).json()) as {
    organizations: Record<string, { groups: Record<string, string[]> }>;
  };
  return state.organizations['coder']?.groups['all'] ?? [];
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { members: { type: 'string', default: '1000' } } });
  const members = Number(values.members);
  const rows = [['sent', 'took', 'then', 'answer', 'p99', 'in Coder', 'PATCHes', 'other calls', 'members per PATCH']];
  for (const latency of [[], ['--recorded-latency']])
    for (const parallel of [1, 8]) rows.push(await burst(members, parallel, latency));
  printTable(`${members} PATCHes of one group, one member each`, rows);
}

void main();
