/**
 * `coderscim_app`: the mapping state of one SCIM application. One resource and one write per app, so that its tokens and
 * mappings change together or not at all; attributes structured, so that a plan reads as a table of mappings.
 */
import { AdminError, type AppDocument, type Precondition } from '../bridge/admin-client/admin-client';
import {
  canonicalJson,
  type MappingState,
  MappingStateError,
  parseMappingState,
} from '../bridge/contract/mapping-state';
import { type Bridge, explainRefusal, issueDiagnostic } from './bridge';
import { mappingAttributes } from './mapping-attributes';
import { differences, knownPart, toAttributePath, toDocument, toValues } from './mapping-document';
import {
  defineResource,
  number,
  type ObjectValue,
  type Outcome,
  ProviderError,
  type RemoteContext,
  string,
} from './plugin';

const attributes = {
  ...mappingAttributes,
  name: string({
    description: 'name of the app: part of its URL; lower-case letters, digits and single hyphens',
    required: true,
    replace: true,
  }),
  scim_base_url: string({ description: 'paste this into the identity provider', computed: true, stable: true }),
  generation: number({ description: 'counts the changes of the app', computed: true }),
};
type App = typeof attributes;
type Context = RemoteContext<Bridge>;

/** What is kept beside the state: the generation that it was read at, which a plan is made against. */
interface Kept {
  readonly generation: number;
}

export const scimAppResource = defineResource<App, Bridge>({
  schema: { attributes, description: 'One SCIM application: what groups of an identity provider mean in Coder.' },

  validate(config, { report }) {
    try {
      parseMappingState(toDocument(knownPart(config)));
    } catch (error) {
      if (!(error instanceof MappingStateError)) throw error;
      for (const { summary, detail, path } of error.issues.map(issueDiagnostic)) report.error(summary, detail, path);
    }
  },

  async plan({ planned, prior, client, signal, report }) {
    const { name } = planned;
    if (prior !== null || typeof name !== 'string' || client.isUnknown) return undefined;
    const missing = client.missing();
    if (missing !== undefined) {
      report.warning(
        'the bridge was not asked',
        `Whether app ${JSON.stringify(name)} exists already was not checked. ${missing}`,
      );
      return undefined;
    }
    const existing = await peek(name, client, signal);
    if (existing !== undefined) throw existsAlready(name, existing.generation);
    return undefined;
  },

  async read(state, context) {
    const document = await find(state.name, context);
    return document === undefined ? null : outcomeOf(document, state);
  },

  async create(planned, context) {
    const values = planned as ObjectValue;
    const document = await put(values, 'absent', context);
    await reportUnfinished(document, context);
    return outcomeOf(document, values);
  },

  async update(planned, prior, context) {
    const generation = (context.private as Kept | undefined)?.generation ?? Number(prior.generation);
    const values = planned as ObjectValue;
    const document = await put(values, { generation }, context, prior);
    await reportUnfinished(document, context);
    return outcomeOf(document, values);
  },

  async delete(prior, context) {
    const generation = (context.private as Kept | undefined)?.generation ?? Number(prior.generation);
    try {
      await context.client.ask(context.signal, bridge => bridge.deleteApp(prior.name, { generation }));
    } catch (error) {
      if (error instanceof AdminError && error.status === 404) return;
      if (isConflict(error)) {
        const now = await find(prior.name, context);
        if (now === undefined) return;
        throw changedMeanwhile(prior.name, generation, now, prior);
      }
      throw explainRefusal(error, `delete app ${JSON.stringify(prior.name)}`);
    }
  },

  async import(id, context) {
    if ((await find(id, context)) === undefined) {
      const { apps } = await context.client
        .ask(context.signal, bridge => bridge.listApps(context.signal))
        .catch((error: unknown) => {
          throw explainRefusal(error, 'list the apps of the bridge');
        });
      const names = apps.map(app => app.state.app).join(', ');
      throw new ProviderError(
        `there is no app ${JSON.stringify(id)} at the bridge`,
        `The id for an import is the app's name. ${names === '' ? 'The bridge has no app yet.' : `The bridge has: ${names}.`}`,
      );
    }
    return { state: { name: id } };
  },
});

async function find(name: string, { client, signal }: Context): Promise<AppDocument | undefined> {
  try {
    return await client.ask(signal, bridge => bridge.getApp(name, signal));
  } catch (error) {
    if (error instanceof AdminError && error.code === 'not_found') return undefined;
    throw explainRefusal(error, `read app ${JSON.stringify(name)}`);
  }
}

/** Looks once, at plan: a bridge that does not answer may be part of what the plan creates. */
async function peek(name: string, client: Bridge, signal: AbortSignal): Promise<AppDocument | undefined> {
  try {
    return await client.askOnce(bridge => bridge.getApp(name, AbortSignal.any([signal, AbortSignal.timeout(5_000)])));
  } catch (error) {
    if (error instanceof AdminError && (error.status === 0 || error.status === 404 || error.status >= 500))
      return undefined;
    throw explainRefusal(error, `read app ${JSON.stringify(name)}`);
  }
}

/** @param prior what the plan was made against; undefined for a new app */
async function put(
  values: ObjectValue,
  precondition: Precondition,
  context: Context,
  prior?: ObjectValue,
): Promise<AppDocument> {
  const state = toDocument(values);
  let attempts = 0;
  try {
    // A write under way is not cut off by an interruption: it is atomic and short, and its result belongs in the state.
    return await context.client.ask(context.signal, (bridge, attempt) => {
      attempts = attempt;
      return bridge.putApp(state, precondition);
    });
  } catch (error) {
    if (!isConflict(error)) throw explainRefusal(error, `write app ${JSON.stringify(state.app)}`);
    const now = await find(state.app, context);
    if (now === undefined) throw goneMeanwhile(state.app);
    // The answer to an earlier attempt may have been lost after the bridge had accepted it.
    const isOurs = attempts > 1 || prior !== undefined;
    if (isOurs && canonicalJson(now.state) === canonicalJson(parseMappingState(state))) return now;
    throw prior === undefined || typeof precondition === 'string'
      ? existsAlready(state.app, now.generation)
      : changedMeanwhile(state.app, precondition.generation, now, prior);
  }
}

function outcomeOf({ state, generation, scimBaseUrl }: AppDocument, before: ObjectValue): Outcome<App> {
  const values: ObjectValue = { ...toValues(state, before), generation, scim_base_url: scimBaseUrl };
  return { state: values as Outcome<App>['state'], private: { generation } satisfies Kept };
}

/** Applied means accepted by the bridge: a warning says what Coder lacks yet, and why. */
async function reportUnfinished({ state, converged }: AppDocument, { client, signal, report }: Context): Promise<void> {
  if (converged) return;
  const status = await client.askOnce(bridge => bridge.status(signal)).catch(() => undefined);
  const holds = (status?.holds ?? []).filter(hold => hold.app === state.app);
  const pending = (status?.pending ?? []).filter(item => item.app === state.app);
  const reasons = [
    ...(status?.coder.reachable === false ? [`Coder can not be reached: ${status.coder.problem ?? 'no answer'}`] : []),
    ...holds.map(hold => `held until released: ${hold.reason} (${hold.people} people)`),
    ...[...new Set(pending.map(item => item.reason))].slice(0, 5),
  ];
  report.warning(
    `app ${JSON.stringify(state.app)} is accepted, Coder does not agree with it yet`,
    `The bridge keeps at it by itself; \`coder-scim status\` shows how far it is.${reasons.map(reason => `\n- ${reason}`).join('')}`,
  );
}

function isConflict(error: unknown): boolean {
  return (
    error instanceof AdminError &&
    (error.code === 'generation_conflict' || error.status === 409 || error.status === 412)
  );
}

function existsAlready(name: string, generation: number): ProviderError {
  return new ProviderError(
    `app ${JSON.stringify(name)} exists already`,
    `The bridge has it at generation ${generation}, from another stack or from \`coder-scim apply\`. Nothing was changed. To manage it here, import it: terraform import coderscim_app.<name of this resource> ${name}; otherwise choose another name.`,
    ['name'],
  );
}

function changedMeanwhile(name: string, planned: number, now: AppDocument, prior: ObjectValue): ProviderError {
  const places = differences(plain(toDocument(prior)), plain(now.state)).map(place => formatPlace(place));
  const what = places.length === 0 ? '' : ` What differs from what was planned against: ${listed(places)}.`;
  return new ProviderError(
    `app ${JSON.stringify(name)} was changed after this plan was made`,
    `The plan was made against generation ${planned}; the bridge is at generation ${now.generation}, written ${now.updatedAt} by somebody else.${what} Nothing was changed, neither change is lost. Run plan again to see both, then apply.`,
  );
}

function goneMeanwhile(name: string): ProviderError {
  return new ProviderError(
    `app ${JSON.stringify(name)} was deleted after this plan was made`,
    'Nothing was changed. Run plan again: it will be created anew.',
  );
}

function formatPlace(place: readonly string[]): string {
  const [top = '', entry, ...rest] = toAttributePath(place).map(String);
  return `${top}${entry === undefined ? '' : `[${JSON.stringify(entry)}]`}${rest.map(part => `.${part}`).join('')}`;
}

function listed(places: readonly string[]): string {
  return places.length > 8 ? `${places.slice(0, 8).join(', ')} and ${places.length - 8} more` : places.join(', ');
}

/** With every default written out, so that two documents compare. */
function plain(document: unknown): MappingState {
  return parseMappingState(document);
}
