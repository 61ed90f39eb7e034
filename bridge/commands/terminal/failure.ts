/** Turns whatever a command threw into a few lines for a person, or one object for a program, and an exit code. */
import { AdminError } from '../../admin-client/admin-error';
import { ConfigError } from '../../process/config';
import { ListenError } from '../../http/listen-error';
import { formatPath, MappingStateError } from '../../contract/mapping-state';
import { DatabaseError, FileRefused } from '../../store/database/backend';
import { EXIT, type ExitCode } from './exit-code';
import { type Paint, printable } from './terminal';

/** A command refuses to go on; the message is the whole story. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  constructor(
    message: string,
    readonly exitCode: ExitCode = EXIT.usage,
    /** Further lines: one each. */
    readonly details: readonly string[] = [],
  ) {
    super(message);
  }
}

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details: readonly string[];
  readonly exitCode: ExitCode;
}

/** Undefined for what no command expects: a defect, to be shown with its stack. */
export function describeFailure(error: unknown): Failure | undefined {
  if (error instanceof CommandError) {
    return { code: 'command', message: error.message, details: error.details, exitCode: error.exitCode };
  }
  if (error instanceof ConfigError) {
    const count = error.problems.length;
    return {
      code: 'configuration',
      message: count === 1 ? 'the configuration has a mistake' : `the configuration has ${count} mistakes`,
      details: error.problems,
      exitCode: EXIT.usage,
    };
  }
  if (error instanceof MappingStateError) {
    return {
      code: error.code === 'version' ? 'mapping_state_version' : 'invalid_mapping_state',
      message: 'the mapping state is refused as a whole',
      details: error.issues.map(issue => `${formatPath(issue.path)}: ${issue.message}`),
      exitCode: EXIT.usage,
    };
  }
  if (error instanceof AdminError) {
    return {
      code: error.code,
      message: error.message,
      details: error.issues.map(issue => `${formatPath(issue.path)}: ${issue.message}`),
      exitCode: error.status === 0 ? EXIT.unreachable : EXIT.refused,
    };
  }
  if (error instanceof FileRefused) {
    return { code: 'file', message: error.message, details: [], exitCode: EXIT.usage };
  }
  if (error instanceof DatabaseError) {
    return { code: 'database', message: error.message, details: [], exitCode: EXIT.no };
  }
  if (error instanceof ListenError) {
    return { code: 'listen', message: error.message, details: [], exitCode: EXIT.no };
  }
  return undefined;
}

/** The failure as lines for standard error. */
export function renderFailure(failure: Failure, paint: Paint): string {
  const lines = [`${paint('bad', 'error')}  ${printable(failure.message)}`];
  for (const detail of failure.details) lines.push(`       ${paint('faint', '-')} ${printable(detail)}`);
  return `${lines.join('\n')}\n`;
}
