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
import { refuseProtected, removeApp } from './removal';
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
      const { generation, group_ids } = prior;
      if (planned['name'] !== prior.name) {
        await refuseProtected(prior, context);
        await foretellEnd(prior.name, context);
      } else if (keptOf(context, prior).removing)
        return withComputed(planned, { generation: UNKNOWN, group_ids: plannedGroupIds(planned, null) });
      else if (saysTheSame(planned, prior)) return withComputed(planned, { generation, group_ids });
      await foretell(planned, context);
      return plan;
    }
    const { name } = planned;
    if (typeof name !== 'string' || client.planned.isHeld(name)) return plan;
    const missing = client.missing();
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
    if (context.client.isUnknown || context.client.missing() !== undefined) return;
    await refuseProtected(prior, context);
    if (!keptOf(context, prior).removing) await foretellEnd(prior.name, context);
  },

  async read(state, context) {
    context.client.planned.noteHeld(state.name);
    const document = await find(state.name, context);
    if (document !== undefined) return outcomeOf(document, state);
    const left = await findRemoval(state.name, context);
    if (left === undefined) return null;
    return { state, private: { generation: Number(state.generation), removing: true } satisfies Kept };
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
  return { state: { ...state, group_ids: keepPlanned(ids, planned, context.report) } as never, private: kept };
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
  } else {
    report.error(
      `token ${JSON.stringify(name)} has the digest of a token of app ${JSON.stringify(other)}`,
      'A token says which app calls, so that each needs a secret of its own: make another with `coder-scim token create`.',
      ['tokens', name, 'digest'],
    );
  }
}
