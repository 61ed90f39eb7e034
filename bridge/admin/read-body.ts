import type * as z from 'zod';
import { Refusal } from '../http/refusal';

/** The body as the route wants it. @throws Refusal 400 with every field that is wrong */
export function readBody<T extends z.ZodType>(shape: T, body: unknown): z.output<T> {
  const result = shape.safeParse(body ?? {});
  if (result.success) return result.data;
  throw new Refusal(400, 'invalid_request', 'the body is not as this route wants it', {
    issues: result.error.issues.map(issue => ({
      path: issue.path.map(part => (typeof part === 'number' ? part : String(part))),
      message: issue.message,
    })),
  });
}
