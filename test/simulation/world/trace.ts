/** What happened, line by line, for a person who looks into a failure. Kept only when asked for: a history can be run again. */
import { EPOCH, scheduler } from '../time/scheduler';

export class Trace {
  readonly lines: string[] = [];

  constructor(private readonly kept: boolean) {}

  say(line: () => string | undefined): void {
    if (!this.kept) return;
    const text = line();
    if (text === undefined) return;
    const seconds = ((scheduler().now - EPOCH) / 1_000).toFixed(3).padStart(9);
    this.lines.push(`${seconds}  ${text}`);
  }
}
