/** The command line `coder-scim`: every command in one place. What only `serve` needs is loaded when it runs. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../process/version';
import { addApply } from './apply';
import { addAdminToken } from './admin-token';
import { addAiUsage } from './ai-usage';
import { addAudit } from './audit';
import { addRequests } from './requests';
import { Commands, type Outcome } from './command';
import { addDatabase } from './database';
import { addCompletion, addHelp } from './completion/completion';
import { addDoctor } from './doctor';
import { EXIT, type ExitCode } from './terminal/exit-code';
import { describeFailure, renderFailure } from './terminal/failure';
import { addOperate } from './operate';
import { addPeople } from './people';
import { addPlan } from './plan';
import { addRecover } from './recover';
import { addServe } from './serve';
import { addStatus } from './status';
import { painter, type Terminal } from './terminal/terminal';
import { addCredentials } from './credentials';
import { addVerify } from './verify/verify';

/** Builds the program; `outcome` receives the exit code of the command that ran. */
export function createProgram(terminal: Terminal, outcome: Outcome): Command {
  const program = new Command('coder-scim')
    .description(
      'SCIM 2.0 for Coder: groups, roles and organizations as the identity provider says and a stack declares',
    )
    .version(packageVersion(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    // What stands behind `audit verify` is an option of that, not of `audit`.
    .enablePositionalOptions()
    .showHelpAfterError('(--help shows what is wanted)')
    .exitOverride()
    .configureOutput({
      writeOut: text => terminal.write(text),
      writeErr: text => terminal.complain(text),
      ...(terminal.columns === undefined ? {} : { getOutHelpWidth: () => terminal.columns ?? 80 }),
    });
  const commands = new Commands(program, terminal, outcome);
  addServe(commands);
  addApply(commands);
  addPlan(commands);
  addStatus(commands);
  addVerify(commands);
  addDoctor(commands);
  addCredentials(commands);
  addAdminToken(commands);
  addAudit(commands);
  addRequests(commands);
  addPeople(commands);
  addAiUsage(commands);
  addOperate(commands);
  addRecover(commands);
  addDatabase(commands);
  addCompletion(commands);
  addHelp(commands);
  return program;
}

/** Runs one command line, without the name of the program. Never rejects. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const outcome: Outcome = { exitCode: EXIT.ok };
  try {
    await createProgram(terminal, outcome).parseAsync(argv, { from: 'user' });
    return outcome.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (isOfAbort(error, terminal.signal)) return EXIT.no;
    return report(error, argv.includes('--json'), terminal);
  }
}

/** What comes of the interruption itself, by whatever it was wrapped in: whoever interrupted knows. Everything else is told as ever. */
function isOfAbort(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted !== true) return false;
  for (let cause = error, depth = 0; cause !== undefined && depth < 10; depth += 1) {
    if (cause === signal.reason) return true;
    if (typeof cause !== 'object' || cause === null) return false;
    const { name, cause: next } = cause as { name?: unknown; cause?: unknown };
    if (name === 'AbortError') return true;
    cause = next;
  }
  return false;
}

function report(error: unknown, json: boolean, terminal: Terminal): ExitCode {
  const failure = describeFailure(error);
  if (failure === undefined) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.complain(
      `${painter(terminal)('bad', 'defect')}  coder-scim met something it does not know: please report it\n${stack}\n`,
    );
    return EXIT.no;
  }
  const { code, message, details } = failure;
  if (json) terminal.complain(`${JSON.stringify({ error: { code, message, details } })}\n`);
  else terminal.complain(renderFailure(failure, painter(terminal)));
  return failure.exitCode;
}
