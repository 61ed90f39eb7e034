/**
 * Fuzzes the SCIM endpoint: `npx tsx test/fuzz/scim.ts [--requests 1000000] [--seed N] [--identity-provider entra]`. Ends with 1 on
 * an answer of 500 and more, one after more than five seconds, an error in another form than SCIM's, or memory that grows.
 */
import { parseArgs } from 'node:util';
import { IDENTITY_PROVIDERS } from '../../bridge/contract/mapping-state';
import { fuzz } from './run';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      requests: { type: 'string', default: '1000000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      'identity-provider': { type: 'string', default: 'generic' },
    },
  });
  const identityProvider = IDENTITY_PROVIDERS.find(name => name === values['identity-provider']);
  if (identityProvider === undefined)
    throw new Error(`--identity-provider: wanted one of ${IDENTITY_PROVIDERS.join(', ')}`);
  console.log(`seed ${values.seed}, ${values.requests} requests, dialect ${identityProvider}`);
  const start = performance.now();
  const report = await fuzz({
    requests: Number(values.requests),
    seed: Number(values.seed),
    identityProvider,
    slowestMs: 5_000,
    progress: ({ done, heapMb, rssMb }) =>
      console.log(`${String(done).padStart(8)}  heap ${heapMb.toFixed(1)} MB  rss ${rssMb.toFixed(0)} MB`),
  });
  const seconds = (performance.now() - start) / 1_000;
  const { median, p99, max } = report.milliseconds;
  const [before, after] = report.heapMb;
  console.log(
    [...report.statuses]
      .sort(([a], [b]) => a - b)
      .map(([status, count]) => `${status}: ${count}`)
      .join('  '),
  );
  console.log(
    `${seconds.toFixed(0)} s  median ${median.toFixed(1)} ms  p99 ${p99.toFixed(1)} ms  max ${max.toFixed(0)} ms  heap ${before.toFixed(1)} MB -> ${after.toFixed(1)} MB`,
  );
  for (const failure of report.failures) console.error(failure);
  const grows = after > before * 1.5 + 20;
  if (grows) console.error(`live heap grew from ${before.toFixed(1)} MB to ${after.toFixed(1)} MB`);
  return report.failures.length > 0 || grows ? 1 : 0;
}

main().then(
  code => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
