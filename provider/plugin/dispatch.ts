/**
 * Answers the provider service: finds the resource, data source or function, turns bytes into values and back, and
 * whatever is thrown into diagnostics.
 */
import { decodeJson, encodeValue, parseJson } from './codec';
import { type DataSource } from './define/data-source';
import { explain, ProviderError, Report } from './define/diagnostics';
import { type DiagnosticMessage } from './messages';
import {
  diagnosticMessage,
  echo,
  keepPrivate,
  mapValues,
  pathMessage,
  readNullable,
  readObject,
  readPrivate,
  readValue,
  type State,
  writeState,
  writeValue,
} from './payload';
import { planChange } from './define/plan';
import { type Sent } from './protobuf';
import { type Provider } from './define/provider';
import { FunctionError } from './define/provider-function';
import { type CallContext, type RemoteContext, type Resource } from './define/resource';
import { type Attributes, objectType, type PlannedOf, type Schema } from './define/schema';
import { functionMessage, schemaMessage } from './schema-message';
import { type ProviderHandlers } from './services';
import { type ObjectValue, type Value } from './define/value';

type Planned = PlannedOf<Attributes>;

const CAPABILITIES = { planDestroy: true, getProviderSchemaOptional: true };

/** Handlers for one run of a provider. @param interrupt aborted when Terraform says to stop. */
export function dispatch(provider: Provider, interrupt: AbortController): ProviderHandlers {
  const resources = provider.resources ?? {};
  const dataSources = provider.dataSources ?? {};
  const functions = provider.functions ?? {};
  let client: unknown;

  const resource = (name: string): Resource => find(resources, name, 'resource type');
  const dataSource = (name: string): DataSource => find(dataSources, name, 'data source');

  /** Runs an operation; what it throws becomes diagnostics, and `otherwise` the answer. */
  async function attempt<T>(
    operation: string,
    schema: Schema,
    otherwise: () => T,
    run: (context: CallContext) => Promise<T> | T,
  ): Promise<T & { diagnostics: Sent<typeof DiagnosticMessage>[] }> {
    const report = new Report();
    let answer: T;
    try {
      answer = await run({ report, signal: interrupt.signal });
    } catch (thrown) {
      report.diagnostics.push(...explain(thrown, operation));
      answer = otherwise();
    }
    const diagnostics = report.diagnostics.map(diagnostic => diagnosticMessage(schema, diagnostic));
    return { ...answer, diagnostics };
  }

  const remote = (context: CallContext, stored: Uint8Array): RemoteContext<unknown> => ({
    ...context,
    client,
    private: readPrivate(stored),
  });

  return {
    GetMetadata: () => ({
      serverCapabilities: CAPABILITIES,
      resources: Object.keys(resources).map(typeName => ({ typeName })),
      dataSources: Object.keys(dataSources).map(typeName => ({ typeName })),
      functions: Object.keys(functions).map(typeName => ({ typeName })),
    }),

    GetProviderSchema: () => ({
      provider: schemaMessage(provider.schema),
      resourceSchemas: mapValues(resources, ({ schema }) => schemaMessage(schema)),
      dataSourceSchemas: mapValues(dataSources, ({ schema }) => schemaMessage(schema)),
      functions: mapValues(functions, functionMessage),
      serverCapabilities: CAPABILITIES,
    }),

    ValidateProviderConfig: ({ config }) =>
      attempt('validate the provider configuration', provider.schema, nothing, async context => {
        await provider.validate?.(readObject(provider.schema, config), context);
        return {};
      }),

    ValidateResourceConfig: ({ typeName, config }) => {
      const of = resource(typeName);
      return attempt(`validate ${typeName}`, of.schema, nothing, async context => {
        await of.validate?.(readObject(of.schema, config), context);
        return {};
      });
    },

    ValidateDataResourceConfig: ({ typeName, config }) => {
      const of = dataSource(typeName);
      return attempt(`validate ${typeName}`, of.schema, nothing, async context => {
        await of.validate?.(readObject(of.schema, config), context);
        return {};
      });
    },

    UpgradeResourceState: ({ typeName, version, rawState }) => {
      const of = resource(typeName);
      return attempt(`read the stored state of ${typeName}`, of.schema, nothing, () => {
        const stored = Buffer.from(rawState?.json ?? []).toString('utf8');
        return { upgradedState: writeValue(of.schema, upgrade(of, typeName, stored, version)) };
      });
    },

    ConfigureProvider: ({ config, terraformVersion }) =>
      attempt('configure the provider', provider.schema, nothing, async context => {
        client = await provider.configure(readObject(provider.schema, config), { ...context, terraformVersion });
        return {};
      }),

    ReadResource: ({ typeName, currentState, private: stored }) => {
      const of = resource(typeName);
      const asBefore = () => ({ newState: echo(currentState), private: Buffer.from(stored) });
      return attempt(`read ${typeName}`, of.schema, asBefore, async context => {
        const outcome = await of.read(readObject(of.schema, currentState), remote(context, stored));
        return outcome === null
          ? { newState: writeValue(of.schema, null), private: Buffer.alloc(0) }
          : { newState: writeState(of.schema, outcome.state), private: keepPrivate(outcome, stored) };
      });
    },

    PlanResourceChange: ({ typeName, priorState, config, priorPrivate }) => {
      const of = resource(typeName);
      const asBefore = () => ({
        plannedState: echo(priorState),
        plannedPrivate: Buffer.from(priorPrivate),
        requiresReplace: [],
      });
      return attempt(`plan ${typeName}`, of.schema, asBefore, async context => {
        const around = remote(context, priorPrivate);
        const prior = readNullable(of.schema, priorState) as State | null;
        const wanted = readNullable(of.schema, config);
        if (wanted === null) {
          if (prior !== null) await of.planDelete?.(prior, around);
          return {
            plannedState: writeValue(of.schema, null),
            plannedPrivate: Buffer.from(priorPrivate),
            requiresReplace: [],
          };
        }
        const { planned, requiresReplace } = planChange(of.schema.attributes, wanted, prior as ObjectValue | null);
        const changed = await of.plan?.({ ...around, config: wanted as Planned, prior, planned: planned as Planned });
        return {
          plannedState: writeValue(of.schema, changed?.planned ?? planned),
          plannedPrivate: keepPrivate(changed ?? {}, priorPrivate),
          requiresReplace: [...requiresReplace, ...(changed?.requiresReplace ?? [])].map(path =>
            pathMessage(of.schema, path),
          ),
        };
      });
    },

    ApplyResourceChange: ({ typeName, priorState, plannedState, config, plannedPrivate }) => {
      const of = resource(typeName);
      const prior = readNullable(of.schema, priorState) as State | null;
      const planned = readNullable(of.schema, plannedState) as Planned | null;
      const operation = `${planned === null ? 'delete' : prior === null ? 'create' : 'update'} ${typeName}`;
      const asBefore = () => ({ newState: echo(priorState), private: Buffer.from(plannedPrivate) });
      return attempt(operation, of.schema, asBefore, async context => {
        const around = remote(context, plannedPrivate);
        if (planned === null) {
          if (prior !== null) await of.delete(prior, around);
          return { newState: writeValue(of.schema, null), private: Buffer.alloc(0) };
        }
        const applying = { ...around, config: readObject(of.schema, config) };
        const outcome = await (prior === null ? of.create(planned, applying) : of.update(planned, prior, applying));
        return { newState: writeState(of.schema, outcome.state), private: keepPrivate(outcome, plannedPrivate) };
      });
    },

    ImportResourceState: ({ typeName, id }) => {
      const of = resource(typeName);
      return attempt(`import ${typeName}`, of.schema, nothing, async context => {
        if (of.import === undefined) throw new ProviderError(`${typeName} can not be imported`);
        const imported = await of.import(id, remote(context, Buffer.alloc(0)));
        const state = mapValues(of.schema.attributes, (_, name) => (imported.state as ObjectValue)[name] ?? null);
        return {
          importedResources: [
            { typeName, state: writeState(of.schema, state), private: keepPrivate(imported, Buffer.alloc(0)) },
          ],
        };
      });
    },

    ReadDataSource: ({ typeName, config }) => {
      const of = dataSource(typeName);
      return attempt(`read ${typeName}`, of.schema, nothing, async context => {
        const state = await of.read(readObject(of.schema, config), { ...context, client });
        return { state: writeState(of.schema, state) };
      });
    },

    GetFunctions: () => ({ functions: mapValues(functions, functionMessage) }),

    CallFunction: ({ name, arguments: given }) => {
      const of = find(functions, name, 'function');
      try {
        const args = of.parameters.map(({ type }, index) => readValue(type, given[index] ?? null));
        return { result: { msgpack: encodeValue(of.returns, of.call(args)) } };
      } catch (thrown) {
        const text = thrown instanceof Error ? thrown.message : String(thrown);
        return { error: thrown instanceof FunctionError ? { text, functionArgument: thrown.argument } : { text } };
      }
    },

    StopProvider: () => {
      interrupt.abort();
      return {};
    },
  };
}

const nothing = (): object => ({});

function find<T>(among: { readonly [name: string]: T }, name: string, what: string): T {
  const found = Object.hasOwn(among, name) ? among[name] : undefined;
  if (found === undefined) throw new Error(`this provider has no ${what} ${JSON.stringify(name)}`);
  return found;
}

function upgrade(of: Resource, typeName: string, stored: string, version: number): Value {
  const current = of.schema.version ?? 0;
  if (version > current) {
    throw new ProviderError(
      `the state of ${typeName} is newer than this provider`,
      `It has schema version ${version}, and this provider knows versions up to ${current}. Upgrade the provider to the version that wrote it.`,
    );
  }
  if (version === current) return decodeJson(objectType(of.schema.attributes), stored);
  if (of.upgrade === undefined) {
    throw new ProviderError(
      `the state of ${typeName} is too old for this provider`,
      `It has schema version ${version}, this provider reads version ${current}. Remove it from the state (terraform state rm) and import it again.`,
    );
  }
  return decodeJson(objectType(of.schema.attributes), JSON.stringify(of.upgrade(parseJson(stored), version)));
}
