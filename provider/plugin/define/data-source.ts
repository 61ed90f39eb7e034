/** What a data source implements: something read at plan, or at apply when its configuration is known only then. */
import { type CallContext, type RemoteContext } from './resource';
import { type Attributes, type PlannedOf, type Schema, type StateOf } from './schema';

export interface DataSource<A extends Attributes = Attributes, C = unknown> {
  readonly schema: Schema<A>;
  validate?(config: PlannedOf<A>, context: CallContext): Promise<void> | void;
  /** @param config wholly known; computed attributes are null. */
  read(config: StateOf<A>, context: Omit<RemoteContext<C>, 'private'>): Promise<StateOf<A>>;
}
