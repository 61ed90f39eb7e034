/** What all commands share: options of those that talk to a bridge, the form of their answer, and how they are declared. */
import { readFileSync } from 'node:fs';
import { type Command } from 'commander';
import { AdminClient } from '../admin-client/admin-client';
import { AdminError } from '../admin-client/admin-error';
import { readClientConfig } from '../process/config';
import { EXIT, EXIT_CODES_HELP, type ExitCode } from './terminal/exit-code';
import { CommandError } from './terminal/failure';
import { painter, type Paint, type Terminal } from './terminal/terminal';

/** What an action is given beside its arguments and options. */
export interface Context {
  readonly terminal: Terminal;
  readonly paint: Paint;
}

/** Options of every command that talks to a bridge. */
export interface ClientOptions {
  readonly url?: string;
  readonly adminTokenFile?: string;
  readonly json?: boolean;
}

/** Where the exit code of an action goes: commander has no place for it. */
export interface Outcome {
  exitCode: ExitCode;
}

/** Declares commands: the same way to run an action, and the same end of each `--help`. */
export class Commands {
  readonly context: Context;

  constructor(
    readonly program: Command,
    terminal: Terminal,
    private readonly outcome: Outcome,
  ) {
    this.context = { terminal, paint: painter(terminal) };
  }

  /** A command without a bridge. `examples` are pairs of a command line and what it is for. */
  add<Options extends object, Arguments extends unknown[] = []>(
    definition: CommandDefinition<Options, Arguments>,
    parent: Command = this.program,
  ): Command {
    const command = parent.command(definition.usage).description(definition.description).summary(definition.summary);
    definition.options?.(command);
    command.addHelpText('after', `\nExamples:\n${renderExamples(definition.examples)}${EXIT_CODES_HELP}`);
    command.action(async (...received: unknown[]) => {
      // Commander calls with the arguments, then the options, then the command.
      const parameters = received.slice(0, -2) as Arguments;
      const options = received[received.length - 2] as Options;
      this.outcome.exitCode = (await definition.run(this.context, options, ...parameters)) ?? EXIT.ok;
    });
    return command;
  }

  /** A command that talks to a bridge. */
  addClient<Options extends ClientOptions, Arguments extends unknown[] = []>(
    definition: ClientCommandDefinition<Options, Arguments>,
    parent?: Command,
  ): Command {
    const command = this.add<Options, Arguments>(
      {
        ...definition,
        run: (context, options, ...parameters) =>
          definition.run({ ...context, client: openClient(context.terminal, options) }, options, ...parameters),
      },
      parent,
    );
    return command
      .option('--url <url>', 'the bridge (default: $CODER_SCIM_URL, or http://127.0.0.1:8399)')
      .option('--admin-token-file <path>', 'file with the admin token (default: $CODER_SCIM_ADMIN_TOKEN, or …_FILE)')
      .option('--json', 'print the answer as JSON');
  }
}

export interface CommandDefinition<Options, Arguments extends unknown[]> {
  /** Name and arguments, as commander takes them: `apply <file>`. */
  readonly usage: string;
  readonly description: string;
  /** A few words for the list of commands. */
  readonly summary: string;
  readonly examples: readonly (readonly [command: string, purpose: string])[];
  readonly options?: (command: Command) => void;
  readonly run: (
    context: Context,
    options: Options,
    ...parameters: Arguments
  ) => Promise<ExitCode | void> | ExitCode | void;
}

export interface ClientContext extends Context {
  readonly client: AdminClient;
}

export interface ClientCommandDefinition<Options, Arguments extends unknown[]> extends Omit<
  CommandDefinition<Options, Arguments>,
  'run'
> {
  readonly run: (context: ClientContext, options: Options, ...parameters: Arguments) => Promise<ExitCode | void>;
}

function renderExamples(examples: CommandDefinition<never, never>['examples']): string {
  return examples.map(([command, purpose]) => `  # ${purpose}\n  ${command}\n`).join('');
}

/** @throws ConfigError, CommandError */
export function openClient(terminal: Terminal, options: ClientOptions): AdminClient {
  const config = readClientConfig({
    ...terminal.environment,
    ...(options.url === undefined ? {} : { CODER_SCIM_URL: options.url }),
    ...(options.adminTokenFile === undefined
      ? {}
      : { CODER_SCIM_ADMIN_TOKEN: undefined, CODER_SCIM_ADMIN_TOKEN_FILE: options.adminTokenFile }),
  });
  if (config.adminToken === undefined) {
    throw new CommandError(
      'no admin token: set CODER_SCIM_ADMIN_TOKEN or CODER_SCIM_ADMIN_TOKEN_FILE, or use --admin-token-file',
    );
  }
  return new AdminClient({ url: config.url, token: config.adminToken, timeoutMs: 120_000 });
}

/** One look of several: undefined where the bridge does not answer just now, or fails. */
export async function lookAgain<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof AdminError && (error.code === 'unreachable' || error.status >= 500)) return undefined;
    throw error;
  }
}

/** Prints an answer for a program: one document, indented. */
export function printJson(terminal: Terminal, answer: unknown): void {
  terminal.write(`${JSON.stringify(answer, null, 2)}\n`);
}

/** A JSON file, or standard input for `-`. @throws CommandError */
export async function readJsonFile(terminal: Terminal, path: string): Promise<unknown> {
  const name = path === '-' ? 'standard input' : JSON.stringify(path);
  let text: string;
  try {
    text = path === '-' ? await terminal.read() : readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CommandError(`${name} can not be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new CommandError(`${name} is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90s`, `15m`, `2h`, `30d` in milliseconds. @throws CommandError */
export function parseDuration(text: string, option: string): number {
  const match = /^(\d{1,7})([smhd])$/.exec(text);
  const seconds = SECONDS[match?.[2] ?? ''];
  if (!match || seconds === undefined) {
    throw new CommandError(`${option} is ${JSON.stringify(text)}: wanted a duration such as 90s, 15m, 2h or 30d`);
  }
  return Number(match[1]) * seconds * 1_000;
}
