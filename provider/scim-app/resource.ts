/**
 * `coderscim_app`: the mapping state of one SCIM application. One resource and one write per app, so that its tokens and
 * mappings change together or not at all; attributes structured, so that a plan reads as a table of mappings.
 */
import { type AppDocument } from '../../bridge/contract/admin-api';
import { canonicalJson, MappingStateError, modeClash, parseMappingState } from '../../bridge/contract/mapping-state';
import { type Bridge, explainRefusal, issueDiagnostic } from '../bridge';
import { knownPart, toDocument, toValues } from '../mapping-document';
import {
  defineResource,
  isWhollyKnown,
  type ObjectValue,
  type Outcome,
  type PlanContext,
  type PlanOutcome,
  ProviderError,
  type Report,
  UNKNOWN,
  Unknown,
} from '../plugin';
import { reportUnfinished } from './agreement';
import { warnOfExpiry } from './expiry';
import { type Context, find, findRemoval, keptOf, type Kept, peek } from './find';
import { foretell, foretellEnd } from './foresight';
import { groupIdsOf, keepPlanned, plannedGroupIds } from './group-ids';
import { type Clash } from './planned-apps';
import { isProtected, refuseProtected, removeApp } from './removal';
import { digestsOf, warnOfRotation } from './rotation';
import { type App, attributes, checkTimeouts, timeoutOf } from './schema';
import { existsAlready, put } from './write';

export const scimAppResource = defineResource<App, Bridge>({
  schema: { attributes, description: 'One SCIM application: what groups of an identity provider mean in Coder.' },

  validate(config, { report }) {
    const values = config as ObjectValue;
    checkTimeouts(values['timeouts'], report);
    warnOfExpiry(values, report, Date.now());
    try {
      parseMappingState(toDocument(knownPart(config)));
    } catch (error) {
      if (!(error instanceof MappingStateError)) throw error;
      for (const { summary, detail, path } of error.issues.map(issueDiagnostic)) report.error(summary, detail, path);
    }
  },

  async plan(context) {
    const { prior, client, signal, report } = context;
    const planned = context.planned as ObjectValue;
    for (const clash of client.planned.note(planned, context.config, prior === null)) reportClash(clash, report);
    const isChanged = planned['group_ids'] instanceof Unknown;
    const plan = isChanged ? withComputed(planned, { group_ids: plannedGroupIds(planned, prior) }) : undefined;
    if (client.isUnknown) return plan;
    await warnOfModes(planned, context);
    if (prior !== null) {
      const { generation } = prior;
      client.planned.noteHeld(prior.name, isProtected(prior, context));
      warnOfRotation(planned, prior, report);
      const before = Object.values(digestsOf((prior as ObjectValue)['tokens']));
      const after = new Set(Object.values(digestsOf(planned['tokens'])));
      const isRenamed = planned['name'] !== prior.name;
      if (isRenamed && isProtected(prior, context)) await refuseProtected(prior.name, context);
      // Another app of the run that depends on this one may take them; one of another name takes its own.
      client.planned.noteFreed(isRenamed ? before : before.filter(digest => !after.has(digest)));
      if (isRenamed) {
        await foretellEnd(prior.name, context);
      } else if (keptOf(context, prior).removing) {
        warnOfReturn(prior.name, keptOf(context, prior), report);
        await foretell(planned, context);
        return withComputed(planned, { generation: UNKNOWN, group_ids: plannedGroupIds(planned, null) });
      } else if (saysTheSame(planned, prior))
        return isChanged
          ? withComputed(planned, { generation, group_ids: plannedGroupIds(planned, prior) })
          : undefined;
      await foretell(planned, context);
      return plan;
    }
    const { name } = planned;
    if (typeof name !== 'string') return plan;
    const missing = client.missing();
    const held = client.planned.held(name);
    if (held !== undefined) {
      // One and the same app, to end and to be made anew. Who would lose what is not told: Terraform drops the warnings of a second plan.
      if (missing === undefined && held.isProtected) await refuseProtected(name, context);
      return plan;
    }
    if (missing !== undefined) {
      report.warning(
        'the bridge was not asked',
        `Whether app ${JSON.stringify(name)} exists already was not checked. ${missing}`,
      );
      return plan;
    }
    const existing = await peek(name, client, signal);
    if (existing !== undefined) throw existsAlready(name, existing.generation);
    await foretell(planned, context);
    return plan;
  },

  async planDelete(prior, context) {
    const clash = context.client.planned.noteEnd(prior.name);
    if (clash !== undefined) reportClash(clash, context.report);
    if (context.client.isUnknown || context.client.missing() !== undefined) return;
    if (isProtected(prior, context)) await refuseProtected(prior.name, context);
    if (!keptOf(context, prior).removing) await foretellEnd(prior.name, context);
  },

  async read(state, context) {
    const document = await find(state.name, context);
    const left = document === undefined ? await findRemoval(state.name, context) : undefined;
    if (document === undefined && left === undefined) return null;
    context.client.planned.noteHeld(state.name, document !== undefined && isProtected(state, context));
    if (document !== undefined) return outcomeOf(document, state);
    const { since } = left ?? {};
    return { state, private: { generation: Number(state.generation), removing: true, since } satisfies Kept };
  },

  async create(planned, context) {
    const values = planned as ObjectValue;
    const document = await put(values, 'absent', context);
    await reportUnfinished(document, timeoutOf(values['timeouts'], 'create'), context);
    return await appliedOf(document, values, context);
  },

  async update(planned, prior, context) {
    const { generation, removing } = keptOf(context, prior);
    const values = planned as ObjectValue;
    const document = await put(values, removing ? 'absent' : { generation }, context, prior);
    await reportUnfinished(document, timeoutOf(values['timeouts'], 'update'), context);
    return await appliedOf(document, values, context);
  },

  delete: removeApp,

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

/** What an apply has made of it; groups that Coder did not have yet when the bridge answered may be there by now. */
async function appliedOf(document: AppDocument, planned: ObjectValue, context: Context): Promise<Outcome<App>> {
  const { app } = document.state;
  const look = () => context.client.askOnce(bridge => bridge.getApp(app, context.signal));
  const later = document.converged ? undefined : await look().catch(() => undefined);
  const ids = groupIdsOf({ ...document, groupIds: (later ?? document).groupIds }, planned);
  const { state, private: kept } = outcomeOf(document, planned);
  const groupIds = keepPlanned(ids, planned, context.report);
  return {
    state: { ...state, ...asPlanned(document, planned, context.report), group_ids: groupIds } as never,
    private: kept,
  };
}

/** Terraform takes nothing but what was planned: what the bridge says otherwise is a difference of the next plan. */
function asPlanned({ scimBaseUrl }: AppDocument, planned: ObjectValue, report: Report): ObjectValue {
  const { generation, scim_base_url: address } = planned;
  if (typeof address === 'string' && address !== scimBaseUrl)
    report.warning(
      'the address for the identity provider is another one than when this was planned',
      `It was ${address}, and is ${scimBaseUrl}: the bridge has another public URL by now. What uses it here has the old one: run plan and apply again.`,
      ['scim_base_url'],
    );
  return Object.fromEntries(
    Object.entries({ generation, scim_base_url: address }).filter(
      ([, value]) => value !== undefined && !(value instanceof Unknown),
    ),
  ) as ObjectValue;
}

function withComputed(planned: ObjectValue, computed: ObjectValue): PlanOutcome<App> {
  return { planned: { ...planned, ...computed } as never };
}

function outcomeOf(document: AppDocument, before: ObjectValue): Outcome<App> {
  const { state, generation, scimBaseUrl } = document;
  const values: ObjectValue = {
    ...toValues(state, before),
    deletion_protection: before['deletion_protection'] ?? true,
    timeouts: before['timeouts'] ?? null,
    group_ids: groupIdsOf(document, before),
    generation,
    scim_base_url: scimBaseUrl,
  };
  return { state: values as Outcome<App>['state'], private: { generation } satisfies Kept };
}

/** Whoever planned the end of the app, or had it planned, is told that this is the opposite. */
function warnOfReturn(app: string, { since }: Kept, report: Report): void {
  report.warning(
    `app ${JSON.stringify(app)} is being removed${since === undefined ? '' : ` since ${since}`}; this apply restores it`,
    'It stands in this configuration. Its tokens work again, and who is in its directory gets what the mappings give. If it is to go, leave it out of the configuration, or run terraform destroy: that goes on where the removal stands.',
  );
}

/** Whether a change is about how Terraform goes about the app alone: the bridge will have nothing new. */
function saysTheSame(planned: ObjectValue, prior: ObjectValue): boolean {
  const { generation: _generation, group_ids: _groupIds, ...rest } = planned;
  if (!isWhollyKnown(rest)) return false;
  return canonicalJson(toDocument(rest)) === canonicalJson(toDocument(prior));
}

/** An app whose mode is new is compared with what this run plans and with what the bridge has. */
async function warnOfModes(planned: ObjectValue, context: PlanContext<App, Bridge>): Promise<void> {
  const { prior, client, signal, report } = context;
  const { name: app, mode } = planned;
  if (typeof app !== 'string' || (mode !== 'push' && mode !== 'claims')) return;
  const planningNow = client.planned.noteMode(app, mode);
  if ((prior as ObjectValue | null)?.['mode'] === mode) return;
  const there = client.missing() === undefined ? await client.appsAtStart(signal) : undefined;
  const known = new Set(planningNow.map(other => other.app));
  const elsewhere = (there ?? []).map(({ state }) => state).filter(other => !known.has(other.app));
  const clash = modeClash({ app, mode }, [...planningNow, ...elsewhere]);
  if (clash !== undefined)
    report.warning(`app ${JSON.stringify(app)} and others of one Coder have different modes`, clash, ['mode']);
}

function reportClash({ kind, name, other }: Clash, report: Report): void {
  if (kind === 'name') {
    report.error(
      `two apps are named ${JSON.stringify(name)}`,
      'The bridge has one document for each name, so that the two resources would undo each other. Wanted another name for one of them, or the mappings of both in one resource. Where they are for two bridges, each needs a provider configuration of its own (alias).',
      ['name'],
    );
  } else if (kind === 'address') {
    report.error(
      `app ${JSON.stringify(name)} is in the state under another address`,
      'This run would end it there and make it here, in no order: whoever has something in Coder by it could lose that, or the app would be gone. Nothing was changed. Where the resource was renamed or moved, say so: moved { from = coderscim_app.<before>, to = coderscim_app.<now> }, each on a line of its own, or terraform state mv. To end it: terraform destroy -refresh=false. Otherwise wanted another name.',
      ['name'],
    );
  } else {
    report.error(
      `token ${JSON.stringify(name)} has the digest of a token of app ${JSON.stringify(other)}`,
      'A token says which app calls, so that each needs a secret of its own: make another with `coder-scim token create`.',
      ['tokens', name, 'digest'],
    );
  }
}
