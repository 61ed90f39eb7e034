/** Exit codes of `coder-scim`, the same for every command. */
export const EXIT = {
  /** Done; nothing is wrong. */
  ok: 0,
  /** The answer is no: a check failed, something is not converged, or there are differences and the command was asked to say so. */
  no: 1,
  /** The command line, the configuration or a file is wrong. Nothing was sent. */
  usage: 2,
  /** The bridge does not answer. */
  unreachable: 3,
  /** The bridge refused: wrong credential, a document with mistakes, a change made by somebody else meanwhile. */
  refused: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The table of exit codes as each `--help` ends with it. */
export const EXIT_CODES_HELP = `
Exit codes:
  0  done, nothing is wrong
  1  the answer is no: a check failed, or something differs or waits
  2  the command line, the configuration or a file is wrong
  3  the bridge does not answer
  4  the bridge refused`;
