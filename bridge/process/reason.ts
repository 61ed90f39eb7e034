/** What an error says for itself, whatever was thrown, and by whichever realm. */
export function reason(cause: unknown): string {
  const { message } = cause as { message?: unknown };
  return typeof message === 'string' ? message : String(cause);
}
