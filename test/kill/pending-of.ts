/** What the bridges say is still to be done, in lines. */
import { type PendingItem, type Status } from '../../bridge/contract/admin-api';

export function pendingOf({ apps, pending, holds }: Status): string[] {
  const left = apps.some(app => app.waiting > 0 || app.parked > 0 || app.held > 0);
  if (!left && holds.length === 0) return [];
  const say = (item: PendingItem) => `${item.state} ${item.key} (${item.subject ?? ''}): ${item.reason}`;
  const words = [...pending.map(say), ...holds.map(hold => `hold ${hold.id}: ${hold.reason}`)];
  return words.length > 0 ? words : apps.map(app => `${app.app}: ${app.waiting} waiting, ${app.held} held`);
}
