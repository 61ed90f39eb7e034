/** What a provider is made of. `C` is the client that its configuration makes. */
import { type DataSource } from './data-source';
import { type ProviderFunction } from './provider-function';
import { type CallContext, type Resource } from './resource';
import { type Attributes, type PlannedOf, type Schema } from './schema';

export interface Provider<A extends Attributes = Attributes, C = unknown> {
  /** The last part of its address, for people who start the program by hand. */
  readonly name: string;
  readonly version: string;
  readonly schema: Schema<A>;
  validate?(config: PlannedOf<A>, context: CallContext): Promise<void> | void;
  /**
   * Makes the client. Configuration may be unknown at plan, when it comes from a resource that does not exist yet: fail
   * in the client's use, not here.
   */
  configure(config: PlannedOf<A>, context: CallContext & { readonly terraformVersion: string }): Promise<C> | C;
  readonly resources?: { readonly [typeName: string]: Resource<Attributes, C> };
  readonly dataSources?: { readonly [typeName: string]: DataSource<Attributes, C> };
  readonly functions?: { readonly [name: string]: ProviderFunction };
}

/** A provider with its types checked against each other, ready to be served. */
export function defineProvider<A extends Attributes, C>(provider: Provider<A, C>): Provider {
  return provider;
}

/** A resource as a provider lists it. */
export function defineResource<A extends Attributes, C>(resource: Resource<A, C>): Resource<Attributes, C> {
  return resource;
}

/** A data source as a provider lists it. */
export function defineDataSource<A extends Attributes, C>(dataSource: DataSource<A, C>): DataSource<Attributes, C> {
  return dataSource;
}
