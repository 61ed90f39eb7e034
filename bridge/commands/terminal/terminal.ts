/** Where a command writes and what it may assume of it: a seam, so that a command can run without a process of its own. */
import { type Environment, mayColour } from '../../process/config';

export { printable } from '../../process/printable';

export interface Terminal {
  readonly environment: Environment;
  /** Writes to standard output, as it is. */
  write(text: string): void;
  /** Writes to standard error, as it is. */
  complain(text: string): void;
  /** Whether standard output is a terminal. */
  readonly interactive: boolean;
  /** Columns of the terminal; tables are cut to it when it is one. */
  readonly columns: number | undefined;
  /** Standard input as text. */
  read(): Promise<string>;
  /** Aborts when the user interrupts. */
  readonly signal?: AbortSignal;
}

export type Style = 'good' | 'bad' | 'warn' | 'faint' | 'strong' | 'plain';

// Select Graphic Rendition (ECMA-48 §8.3.117): what switches a style on and off.
const CODES = { good: [32, 39], bad: [31, 39], warn: [33, 39], faint: [2, 22], strong: [1, 22] } as const;

export type Paint = (style: Style, text: string) => string;

/** A function that colours when the terminal shows colours and the user wants them. */
export function painter(terminal: Terminal): Paint {
  const colour = mayColour(terminal.interactive, terminal.environment);
  return (style, text) => {
    if (!colour || style === 'plain' || text === '') return text;
    const [on, off] = CODES[style];
    return `\u001b[${on}m${text}\u001b[${off}m`;
  };
}

/** The process itself. */
export function processTerminal(process: NodeJS.Process, signal: AbortSignal): Terminal {
  return {
    environment: process.env,
    write: text => void process.stdout.write(text),
    complain: text => void process.stderr.write(text),
    interactive: process.stdout.isTTY ?? false,
    columns: process.stdout.columns,
    signal,
    read: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}
