/** `coder-scim`: the program as npm installs it. */
import { run } from './commands/program';
import { processTerminal } from './commands/terminal/terminal';

// A reader that has seen enough (`| head`) closes the pipe: that is no failure. What a bridge writes, log and audit lines, goes past this stream.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

// The first signal ends a command in order, the second one at once.
const interrupt = new AbortController();
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.on(name, () => {
    if (interrupt.signal.aborted) process.exit(code);
    interrupt.abort(name);
  });
}

void run(process.argv.slice(2), processTerminal(process, interrupt.signal)).then(code => {
  process.exitCode = code;
});
