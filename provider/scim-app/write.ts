/** Writing a mapping state to the bridge under what is believed to be there, and what it means when something else is. */
import { AdminError } from '../../bridge/admin-client/admin-error';
import { type AppDocument, type Precondition } from '../../bridge/contract/admin-api';
import { canonicalJson, type MappingState, parseMappingState } from '../../bridge/contract/mapping-state';
import { explainRefusal } from '../bridge';
import { differences, toAttributePath, toDocument } from '../mapping-document';
import { type ObjectValue, ProviderError } from '../plugin';
import { type Context, find } from './find';

/** @param prior what the plan was made against; undefined for a new app */
export async function put(
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

export function isConflict(error: unknown): boolean {
  return (
    error instanceof AdminError &&
    (error.code === 'generation_conflict' || error.status === 409 || error.status === 412)
  );
}

export function existsAlready(name: string, generation: number): ProviderError {
  return new ProviderError(
    `app ${JSON.stringify(name)} exists already`,
    `The bridge has it at generation ${generation}, from another stack or from \`coder-scim apply\`. Nothing was changed. To manage it here, import it: terraform import coderscim_app.<name of this resource> ${name}; otherwise choose another name.`,
    ['name'],
  );
}

export function changedMeanwhile(name: string, planned: number, now: AppDocument, prior: ObjectValue): ProviderError {
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
