/** Everything that the routes of one double share. */
import { type Interception } from './ai-gateway/interception';
import { type AuditLog } from './audit/audit-log';
import { type CoderState } from './state/state';
import { type Flights } from './weather/flights';
import { type ApiKeys } from './tokens/keys';
import { type Workspaces } from './workspaces/workspaces';
import { type Settings } from './settings';

export interface World {
  readonly settings: Settings;
  readonly state: CoderState;
  readonly workspaces: Workspaces;
  readonly keys: ApiKeys;
  readonly audit: AuditLog;
  /** Calls to models through the AI gateway, oldest first. */
  readonly interceptions: Interception[];
  readonly flights: Flights;
  readonly deploymentId: string;
  /** The server's own URL. */
  url: string;
}
