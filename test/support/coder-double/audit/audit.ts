/** `GET /audit` with its search keys. */
import { Refusal, forbidden, ok, type Answer, type Validation } from '../http/answer';
import { type Access } from '../roles/access';
import { type Call, type Route } from '../http/call';
import { onlyValue, readPage, readSearch } from '../http/query';
import { type Fold } from '../state/letters';
import { parseUuid } from '../state/names';
import { type World } from '../world';
import { type AuditRow } from './audit-log';
import { auditRowView } from './row';

const TYPES =
  'api_key convert_login custom_role git_ssh_key group health_settings idp_sync_settings_group idp_sync_settings_organization idp_sync_settings_role license notification_template notifications_settings oauth2_provider_app oauth2_provider_app_secret organization organization_member prebuilds_settings task template template_version user workspace workspace_agent workspace_app workspace_build workspace_proxy'.split(
    ' ',
  );
const ACTIONS =
  'create write delete start stop login logout register request_password_reset connect disconnect open close'.split(
    ' ',
  );
const KEYS =
  'resource_type resource_id resource_target username email action date_from date_to organization request_id build_reason'.split(
    ' ',
  );
/** Rows of a page when no limit is given. */
const USUAL_LIMIT = 100;
const COUNT_CAP = 2000;

type Test = (row: AuditRow) => boolean;

function refuse(validations: readonly Validation[]): Refusal {
  return new Refusal(400, 'Invalid audit search query.', { validations });
}

function invalid(field: string, detail: string): Refusal {
  return refuse([{ field, detail }]);
}

function among(key: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  throw invalid(key, `Query param "${key}" has invalid value: "${value}" is not a valid value`);
}

/** A day; an instant is refused, because the query is in small letters by then. */
function dayOf(key: string, value: string): string {
  const [, day, rest] = /^(\d{4}-\d\d-\d\d)(.*)$/.exec(value) ?? [];
  if (day !== undefined && rest === '' && !Number.isNaN(Date.parse(day))) return day;
  const why = day === undefined ? ` as "2006-01-02": cannot parse "${value}" as "2006"` : `: extra text: "${rest}"`;
  throw invalid(key, `Query param "${key}" must be a valid date format (2006-01-02): parsing time "${value}"${why}`);
}

function idOf(key: string, value: string): string {
  const id = parseUuid(value);
  if (id !== undefined) return id;
  throw invalid(key, `Query param "${key}" must be a valid uuid`);
}

function testOf(world: World, access: Access, key: string, value: string): Test {
  const { fold }: { fold: Fold } = world.settings;
  switch (key) {
    case 'resource_type': {
      const type = among(key, value, TYPES);
      return row => row.type === type;
    }
    case 'resource_id': {
      const id = idOf(key, value);
      return row => row.id === id;
    }
    case 'resource_target':
      return row => row.target === value;
    case 'username':
      return row => !row.actor.deleted && row.actor.usernameKey === value;
    case 'email':
      return row => !row.actor.deleted && row.actor.emailKey === value;
    case 'action': {
      const action = among(key, value, ACTIONS);
      return row => row.action === action;
    }
    case 'date_from': {
      const day = dayOf(key, value);
      return row => row.time.slice(0, day.length) >= day;
    }
    case 'date_to': {
      const day = dayOf(key, value);
      return row => row.time.slice(0, day.length) <= day;
    }
    case 'organization': {
      const organization = world.state
        .livingOrganizations()
        .find(each => each.id === value || fold(each.name) === value);
      if (organization && access.can('organization', 'read', organization)) {
        return row => row.organization === organization;
      }
      throw invalid(
        key,
        `Query param "organization" has invalid value: organization "${value}" either does not exist, or you are unauthorized to view it`,
      );
    }
    case 'request_id': {
      const id = idOf(key, value);
      return row => row.requestId === id;
    }
    default:
      return () => false;
  }
}

export function auditRoutes(world: World): Route[] {
  const { audit, settings, state } = world;

  /** Rows of the whole deployment, or those of the organizations whose rows the account may read. */
  const visible = (access: Access): Test => {
    if (access.can('audit_log', 'read')) return () => true;
    const own = state.livingOrganizations().filter(each => access.can('audit_log', 'read', each));
    if (own.length === 0) throw forbidden();
    return row => row.organization !== undefined && own.includes(row.organization);
  };

  const list = (call: Call): Answer => {
    const { limit, offset } = readPage(call.query);
    const mayRead = visible(call.access);
    const search = readSearch(call.query.get('q') ?? '', KEYS, refuse);
    const wanted = [...search.keys].map(([key, values]): [string, string] => [key, onlyValue(key, values, refuse)]);
    if (search.text !== '') wanted.push(['resource_type', search.text]);
    const tests = wanted.map(([key, value]) => testOf(world, call.access, key, value));
    const rows = audit.find(row => mayRead(row) && tests.every(test => test(row)));
    return ok({
      audit_logs: rows.slice(offset, offset + (limit || USUAL_LIMIT)).map(row => auditRowView(row, state)),
      count: settings.old ? rows.length : Math.min(rows.length, COUNT_CAP + 1),
      ...(!settings.old && { count_cap: COUNT_CAP }),
    });
  };
  return [{ method: 'GET', path: '/audit', handle: list }];
}
