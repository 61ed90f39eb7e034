/** The program that plays histories: one job a message, one answer a job. Virtual time is put in place before anything else. */
import './time/install';
import { type Job, runJob } from './histories/job';

process.on('message', (job: Job) => {
  void runJob(job).then(
    result => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
