/**
 * What a managed resource implements. Values are typed by its schema. Every operation may report warnings and errors;
 * to fail without having changed anything, throw a `ProviderError`.
 */
import { type Report } from './diagnostics';
import { type Path } from './path';
import { type Attributes, type PlannedOf, type Schema, type StateOf } from './schema';

/** What every call is given. */
export interface CallContext {
  readonly report: Report;
  /** Aborted when the person presses Ctrl-C: finish or give up, but return what was done. */
  readonly signal: AbortSignal;
}

/** Calls that may talk to the remote system. */
export interface RemoteContext<C> extends CallContext {
  /** What `Provider.configure` made. */
  readonly client: C;
  /** What the resource kept beside its state, for itself; JSON. Undefined when nothing was kept. */
  readonly private: unknown;
}

/** State after an operation. `private` replaces what was kept beside it; left out, that stays as it was. */
export interface Outcome<A extends Attributes> {
  readonly state: StateOf<A>;
  readonly private?: unknown;
}

export interface PlanContext<A extends Attributes, C> extends RemoteContext<C> {
  readonly config: PlannedOf<A>;
  /** Null when the resource will be created. */
  readonly prior: StateOf<A> | null;
  /** Defaults filled in, and computed attributes kept or marked unknown, as the schema says. */
  readonly planned: PlannedOf<A>;
}

/** Changes to the plan that the schema alone makes. */
export interface PlanOutcome<A extends Attributes> {
  readonly planned?: PlannedOf<A>;
  readonly requiresReplace?: readonly Path[];
  /** Handed to the operation that applies this plan. */
  readonly private?: unknown;
}

export interface ApplyContext<A extends Attributes, C> extends RemoteContext<C> {
  /** Configuration, with write-only attributes, which the planned state lacks. */
  readonly config: PlannedOf<A>;
}

export interface Resource<A extends Attributes = Attributes, C = unknown> {
  readonly schema: Schema<A>;
  /** Checks configuration without the remote system. Values may be unknown. */
  validate?(config: PlannedOf<A>, context: CallContext): Promise<void> | void;
  /** Changes or refuses a plan. Called for create and update, not for delete. */
  plan?(context: PlanContext<A, C>): Promise<PlanOutcome<A> | undefined>;
  /** Called when a delete is planned. */
  planDelete?(prior: StateOf<A>, context: RemoteContext<C>): Promise<void>;
  /** State as it is; null when the thing is gone. */
  read(state: StateOf<A>, context: RemoteContext<C>): Promise<Outcome<A> | null>;
  /** Makes it. With an error reported, the state returned is saved as tainted: the next apply replaces it. */
  create(planned: PlannedOf<A>, context: ApplyContext<A, C>): Promise<Outcome<A>>;
  /** Changes it. With an error reported, the state returned is saved: say what is now, not what was wanted. */
  update(planned: PlannedOf<A>, prior: StateOf<A>, context: ApplyContext<A, C>): Promise<Outcome<A>>;
  delete(prior: StateOf<A>, context: RemoteContext<C>): Promise<void>;
  /** The state for an id given to `terraform import`; what is left out is null until the `read` that follows. */
  import?(id: string, context: RemoteContext<C>): Promise<{ state: Partial<StateOf<A>>; private?: unknown }>;
  /** Stored state of an older schema version, as JSON, in the shape of the current one. */
  upgrade?(stored: unknown, version: number): unknown;
}
