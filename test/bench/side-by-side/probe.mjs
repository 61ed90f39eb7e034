// Loaded into every server that is measured (`node --import`): tells its parent what it has used, when it is asked.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setInterval } from 'node:timers';

const RESOLUTION_MS = 5;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

// What the event loop computed at most between two turns: unlike a delay, a busy machine does not add to it.
const TURN_MS = 2;
let longestComputed = 0;
let before = process.threadCpuUsage();
setInterval(() => {
  const used = process.threadCpuUsage(before);
  longestComputed = Math.max(longestComputed, (used.user + used.system) / 1e3);
  before = process.threadCpuUsage();
}, TURN_MS).unref();

process.on('message', message => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  process.send({
    cpuSeconds: (user + system) / 1e6,
    // What the clock of the probe adds by itself is no hold.
    longestHoldMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS),
    longestComputedMs: longestComputed,
    residentMb: process.memoryUsage.rss() / 2 ** 20,
  });
  delay.reset();
  longestComputed = 0;
});
// The probe keeps nobody alive.
process.channel?.unref();
