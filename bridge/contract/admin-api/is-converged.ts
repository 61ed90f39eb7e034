import { type Status } from './status';

/** Whether Coder agrees with every app, and nothing waits or is held, also of apps that were deleted. */
export function isConverged({
  recovery,
  holds,
  pending,
  apps,
}: Pick<Status, 'recovery' | 'holds' | 'pending' | 'apps'>): boolean {
  return recovery === null && holds.length + pending.length === 0 && apps.every(app => app.converged);
}
