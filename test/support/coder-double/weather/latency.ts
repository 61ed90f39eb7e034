/** What a call costs on a real server, for benches. Milliseconds seen on one machine; the ratios are what matters. */

export interface WorkSize {
  /** Members that the call adds. */
  readonly added: number;
  /** Members that are there already, or rows that are answered. */
  readonly present: number;
}

/** @param route method and pattern, such as `PATCH /groups/:group` */
export type Latency = (route: string, size: WorkSize) => number;

const COSTS: Readonly<Record<string, (size: WorkSize) => number>> = {
  'POST /users': () => 18,
  'GET /users': ({ present }) => 5 + 0.26 * present,
  'GET /users/:user': () => 5,
  'PUT /users/:user/roles': () => 8,
  'PUT /users/:user/status/suspend': () => 23,
  'PUT /users/:user/status/activate': () => 23,
  'PATCH /groups/:group': ({ added, present }) => 5 + 1.7 * added + 0.075 * present,
  'GET /groups/:group': ({ present }) => 5 + 0.032 * present,
  'GET /groups/:group/members': () => 14,
  'GET /organizations/:organization/paginated-members': () => 19,
};

export const recordedLatency: Latency = (route, size) => COSTS[route]?.(size) ?? 5;
