#!/usr/bin/env node
/** `coder-scim`: the program as npm installs it. */
import { run } from './commands/program';
import { processTerminal } from './commands/terminal';

// A reader that has seen enough (`| head`) closes the pipe: that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

void run(process.argv.slice(2), processTerminal(process)).then(code => {
  process.exitCode = code;
});
