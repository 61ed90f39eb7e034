/**
 * Accounts as this process read or made them a moment ago. They are believed where the answer is likely to be that nothing has to be asked of
 * Coder for the account itself, and only while no bridge has dealt with the person since: each of them notes that in the database, and
 * notes first what it is about to do. What somebody changes by hand meanwhile is found by the sweep, or by Coder's refusal.
 */
import { type SeenAccount } from '../decide/observation';
import { type Clock } from '../types';

/** A moment: as long as an import takes from people to their groups. */
const BELIEVED_MS = 120_000;
const MOST_KEPT = 10_000;

export class SeenAccounts {
  readonly #seen = new Map<string, { readonly account: SeenAccount; readonly convergedAt: number }>();

  constructor(private readonly clock: Clock) {}

  /** @param convergedAt when a bridge was done with the person last, as the database has it */
  find(id: string, convergedAt: number): SeenAccount | undefined {
    const seen = this.#seen.get(id);
    if (seen?.convergedAt !== convergedAt) return undefined;
    const age = this.clock.now() - seen.account.at;
    return age >= 0 && age < BELIEVED_MS ? seen.account : undefined;
  }

  /** @param convergedAt when this process was done with the person, as it noted in the database */
  keep(account: SeenAccount, convergedAt: number): void {
    const { id } = account.user;
    this.#seen.delete(id);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size >= MOST_KEPT && oldest !== undefined) this.#seen.delete(oldest);
    this.#seen.set(id, { account, convergedAt });
  }

  forget(id: string): void {
    this.#seen.delete(id);
  }
}
