// Loaded into every server that is measured (`node --import`): tells its parent what it has used, when it is asked.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 5;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

process.on('message', message => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  process.send({
    cpuSeconds: (user + system) / 1e6,
    // What the clock of the probe adds by itself is no hold.
    longestHoldMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS),
    residentMb: process.memoryUsage.rss() / 2 ** 20,
  });
  delay.reset();
});
// The probe keeps nobody alive.
process.channel?.unref();
