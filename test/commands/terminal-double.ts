/** A terminal for commands that run in this process. */
import { run } from '../../bridge/commands/program';
import { type Terminal } from '../../bridge/commands/terminal/terminal';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly interactive?: boolean;
  readonly columns?: number;
  readonly signal?: AbortSignal;
  /** Told what is written, while the command runs. */
  readonly written?: (text: string) => void;
}

/** Runs `coder-scim <argv>`. */
export async function coderScim(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const terminal: Terminal = {
    environment: options.environment ?? {},
    write: text => {
      out += text;
      options.written?.(text);
    },
    complain: text => void (err += text),
    interactive: options.interactive ?? false,
    columns: options.columns,
    read: async () => options.input ?? '',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const code = await run(argv, terminal);
  return { code, out, err };
}
