/** One request on its way to a handler, and the table that finds the handler. */
import { type Access } from '../roles/access';
import { type Answer } from './answer';
import { type Subject } from '../audit/subject';
import { type WorkSize } from '../weather/latency';

export interface Call {
  readonly method: string;
  /** Without `/api/v2`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
  readonly params: Readonly<Record<string, string>>;
  readonly ip: string;
  readonly userAgent: string;
  /** The caller; reading it on an open route is a mistake of this program. */
  readonly access: Access;
  readonly keyId: string;
  /** Method and pattern of the route. */
  readonly route: string;
  /** What the handler says of its size, for the latency; undefined when it has taken its time itself. */
  size: WorkSize | undefined;
  /** What a refusal of it would be about in the audit log. */
  subject?: Subject;
}

/** Features that need a Premium licence, with the name the refusal uses. */
export type Feature = 'Template RBAC' | 'Multiple Organizations' | 'Custom Roles' | 'Service Accounts' | 'AI Gateway';

export interface Route {
  readonly method: string;
  /** Pattern below `/api/v2`: `/users/:user/roles`. */
  readonly path: string;
  /** Answers without a token. */
  readonly open?: true;
  readonly feature?: Feature;
  handle(call: Call): Answer | Promise<Answer>;
}

export interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Node {
  readonly literal: Map<string, Node>;
  parameter?: { readonly name: string; readonly node: Node };
  readonly routes: Map<string, Route>;
}

function emptyNode(): Node {
  return { literal: new Map(), routes: new Map() };
}

/** A tree of path segments; a literal segment wins over a parameter. */
export class RouteTable {
  private readonly root = emptyNode();

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.add(route);
  }

  private add(route: Route): void {
    let node = this.root;
    for (const segment of route.path.split('/').slice(1)) {
      if (segment.startsWith(':')) {
        node.parameter ??= { name: segment.slice(1), node: emptyNode() };
        node = node.parameter.node;
      } else {
        const next = node.literal.get(segment) ?? emptyNode();
        node.literal.set(segment, next);
        node = next;
      }
    }
    node.routes.set(route.method, route);
  }

  /** The route, `method` when the path has other methods only, or undefined. */
  find(method: string, path: string): Found | 'method' | undefined {
    const params: Record<string, string> = {};
    const node = walk(this.root, path.split('/').slice(1), params);
    const route = node?.routes.get(method);
    if (route) return { route, params };
    return node && node.routes.size > 0 ? 'method' : undefined;
  }
}

function walk(node: Node, segments: readonly string[], params: Record<string, string>): Node | undefined {
  const [segment, ...rest] = segments;
  if (segment === undefined) return node.routes.size > 0 ? node : undefined;
  const literal = node.literal.get(segment);
  const found = literal && walk(literal, rest, params);
  if (found || !node.parameter || segment === '') return found;
  try {
    params[node.parameter.name] = decodeURIComponent(segment);
  } catch {
    return undefined;
  }
  return walk(node.parameter.node, rest, params);
}
