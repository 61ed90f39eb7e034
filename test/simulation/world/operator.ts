/** The operator: declares apps and deletes them, releases what is held, looks at the status. */
import { type Release, type Status, type Violation } from '../checks/scene';
import { type Declaration } from '../histories/step';
import { forgetUnread } from '../model/due';
import { type World } from './world';

const SETTLE_SECONDS = 2 * 3_600;

export class Operator {
  readonly releases: Release[] = [];

  constructor(private readonly world: World) {}

  async declare(app: string, document: Declaration): Promise<Violation[]> {
    const { world } = this;
    const { digest } = world.tokenOf(app);
    const state = { version: 1, app, tokens: { idp: { digest, expiresAt: '2099-01-01T00:00:00Z' } }, ...document };
    const answer = await world.surely(() => world.admin('PUT', `/apps/${app}`, state));
    if (answer.status >= 300)
      return [{ promise: 'settles', text: `declaration of ${app} refused: ${JSON.stringify(answer.body)}` }];
    forgetUnread(world.directory, app, world.directory.apps.get(app)?.document);
    world.directory.apps.set(app, { name: app, document, gone: false });
    return [];
  }

  async undeclare(app: string): Promise<void> {
    const { world } = this;
    const known = world.directory.apps.get(app);
    if (known !== undefined) known.gone = true;
    await world.surely(() => world.admin('DELETE', `/apps/${app}`));
  }

  async release(app: string): Promise<void> {
    const { world } = this;
    const { holds } = await this.status();
    for (const hold of holds.filter(one => one.app === app)) {
      this.releases.push({ at: world.scheduler.now, app, changes: hold.changes });
      await world.surely(() => world.admin('POST', `/holds/${hold.id}/release`, { by: 'the simulation' }));
    }
  }

  async status(): Promise<Status> {
    const answer = await this.world.surely(() => this.world.admin('GET', '/status'));
    return answer.body as Status;
  }

  /** Waits until nothing waits; the last status, whatever it says, when that takes too long. */
  async settled(): Promise<Status> {
    const { scheduler } = this.world;
    const begin = scheduler.now;
    const end = begin + SETTLE_SECONDS * 1_000;
    for (let pause = 250; ; pause = Math.min(pause * 2, 120_000)) {
      await scheduler.pause(pause);
      const status = await this.status();
      // The work of a deleted app is in the list alone; its end waits for what is held of it, once it has been looked at.
      const isBegun = scheduler.now - begin > 60_000;
      const waits = status.pending.some(
        item => item.state === 'waiting' && !(isBegun && item.key === `app:${item.app}` && isHeld(status, item.app)),
      );
      // What nobody is in yet takes nothing before it has come to rest.
      const isFilled = status.apps.every(({ beingFilled }) => beingFilled.length === 0);
      if ((!waits && isFilled && status.apps.every(app => app.waiting === 0)) || scheduler.now > end) return status;
    }
  }
}

function isHeld({ pending, holds }: Status, app: string): boolean {
  return pending.some(item => item.app === app && item.state === 'held') || holds.some(hold => hold.app === app);
}
