/** Stands in for the Coder double's listener: its answers are asked for in this process. */
import { type ServerParts } from '../../support/coder-double/server';

let latest: ServerParts | undefined;

/** The double that was started last. @throws when there is none */
export function servedByDouble(): ServerParts {
  if (latest === undefined) throw new Error('no Coder double was started');
  return latest;
}

export class DoubleServer {
  readonly url = 'http://coder.invalid';

  constructor(parts: ServerParts) {
    latest = parts;
  }

  listen(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  setUnreachable(): Promise<void> {
    return Promise.resolve();
  }
}
