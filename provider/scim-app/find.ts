/** The app as the bridge has it. */
import { AdminError } from '../../bridge/admin-client/admin-error';
import { type AppDocument, type Removal } from '../../bridge/contract/admin-api';
import { type Bridge, explainRefusal } from '../bridge';
import { ProviderError, type RemoteContext } from '../plugin';

export type Context = RemoteContext<Bridge>;

/** What is kept beside the state: what a plan is made against. */
export interface Kept {
  readonly generation: number;
  /** The app was removed and is not gone yet. */
  readonly removing?: true;
  /** When it was removed. */
  readonly since?: string;
}

/** The generation that the state was read at. */
export function keptOf(context: Context, prior: { readonly generation: unknown }): Kept {
  return (context.private as Kept | undefined) ?? { generation: Number(prior.generation) };
}

export async function find(name: string, { client, signal }: Context): Promise<AppDocument | undefined> {
  try {
    return await client.ask(signal, bridge => bridge.getApp(name, signal));
  } catch (error) {
    if (isNotFound(error)) return await believed(client, signal);
    throw explainRefusal(error, `read app ${JSON.stringify(name)}`);
  }
}

/** What is left of an app that was removed; undefined when nothing is. */
export async function findRemoval(name: string, { client, signal }: Context): Promise<Removal | undefined> {
  try {
    return await client.ask(signal, bridge => bridge.getRemoval(name, signal));
  } catch (error) {
    if (isNotFound(error)) return await believed(client, signal);
    throw explainRefusal(error, `read what is left of app ${JSON.stringify(name)}`);
  }
}

/**
 * That an app is not there is believed of an admin API alone: every other address says the same, and the app would be forgotten.
 * @throws ProviderError where there is none
 */
export async function believed(client: Bridge, signal: AbortSignal): Promise<undefined> {
  try {
    await client.ask(signal, bridge => bridge.listApps(signal));
  } catch (error) {
    // Whatever an admin API says of its list, such as a document in it that can not be read: it is one.
    if (error instanceof AdminError && isOfAdminApi(error)) return undefined;
    if (!(error instanceof AdminError) || error.status !== 404)
      throw explainRefusal(error, 'list the apps of the bridge');
    throw new ProviderError(
      'url is no address of a bridge',
      `${error.message}. Nothing was changed, and nothing is believed to be gone. Wanted: url (or CODER_SCIM_URL) is the base URL of the bridge as seen from where Terraform runs; \`curl <url>/healthz\` answers there.`,
    );
  }
}

function isOfAdminApi({ status, code }: AdminError): boolean {
  return status === 200 || (status !== 0 && status !== 404 && code !== 'unexpected_answer');
}

/** Looks once, at plan: a bridge that does not answer may be part of what the plan creates. */
export async function peek(name: string, client: Bridge, signal: AbortSignal): Promise<AppDocument | undefined> {
  try {
    return await client.askOnce(bridge => bridge.getApp(name, AbortSignal.any([signal, AbortSignal.timeout(5_000)])));
  } catch (error) {
    if (error instanceof AdminError && (error.status === 0 || error.status === 404 || error.status >= 500))
      return undefined;
    throw explainRefusal(error, `read app ${JSON.stringify(name)}`);
  }
}

export function isNotFound(error: unknown): boolean {
  // A bridge of an earlier version has no route for removals.
  return error instanceof AdminError && (error.code === 'not_found' || error.code === 'unknown_route');
}
