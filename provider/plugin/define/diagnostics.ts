/** What a provider has to say to the person running Terraform: errors and warnings, at the attribute at fault. */
import { type Path } from './path';

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** One line. */
  readonly summary: string;
  /** What happened, with which value, what is wanted, and what to do next. */
  readonly detail?: string;
  /** The attribute that it is about; Terraform then shows the line of configuration. */
  readonly path?: Path;
}

/** Gathers diagnostics of one operation. An error makes Terraform stop after the operation; what it returns still counts. */
export class Report {
  readonly diagnostics: Diagnostic[] = [];

  error(summary: string, detail?: string, path?: Path): void {
    this.diagnostics.push({ severity: 'error', summary, detail, path });
  }

  warning(summary: string, detail?: string, path?: Path): void {
    this.diagnostics.push({ severity: 'warning', summary, detail, path });
  }

  get failed(): boolean {
    return this.diagnostics.some(({ severity }) => severity === 'error');
  }
}

/** An operation that failed, with the reasons to show. Thrown: nothing was changed by the operation. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly diagnostics: readonly Diagnostic[];

  constructor(summary: string, detail?: string, path?: Path);
  constructor(diagnostics: readonly Diagnostic[]);
  constructor(given: string | readonly Diagnostic[], detail?: string, path?: Path) {
    const diagnostics: readonly Diagnostic[] =
      typeof given === 'string' ? [{ severity: 'error', summary: given, detail, path }] : given;
    super(diagnostics.map(({ summary }) => summary).join('; '));
    this.diagnostics = diagnostics;
  }
}

/** Diagnostics of whatever was thrown. What is neither a ProviderError nor an interruption is a fault of the provider. */
export function explain(thrown: unknown, operation: string): readonly Diagnostic[] {
  if (thrown instanceof ProviderError) return thrown.diagnostics;
  if (isAbort(thrown)) {
    return [{ severity: 'error', summary: `${operation} was interrupted`, detail: 'Terraform was told to stop.' }];
  }
  console.error(thrown instanceof Error ? thrown.stack : thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return [
    { severity: 'error', summary: `the provider failed to ${operation}`, detail: `Unexpected fault: ${message}` },
  ];
}

function isAbort(thrown: unknown): boolean {
  return typeof thrown === 'object' && thrown !== null && 'name' in thrown && thrown.name === 'AbortError';
}
