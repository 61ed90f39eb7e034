/** Which scopes a request of the admin API wants: read from the table of routes, so that a route without a line in it is open to nobody. */
import { ADMIN_SCOPES } from '../../contract/admin-api';
import { type NeededScopes } from '../../http/caller';
import { ADMIN_ROUTES } from '../routes';

const PATTERNS = ADMIN_ROUTES.map(({ method, path, scopes }) => ({
  method,
  scopes,
  pattern: new RegExp(`^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[A-Za-z]+/g, '[^/]+')}/?$`),
}));

/** @returns undefined when there is no such route; where several fit, what all of them want */
export function scopesOf(method: string, path: string): NeededScopes | undefined {
  const asked = method === 'HEAD' ? 'GET' : method;
  const fitting = PATTERNS.filter(route => route.method === asked && route.pattern.test(path));
  const [first, ...others] = fitting.map(route => route.scopes);
  if (first === undefined) return undefined;
  return others.reduce<NeededScopes>((one, other) => {
    if (one === 'all' || other === 'all') return 'all';
    const both = one.filter(scope => other.includes(scope));
    return both.length === 0 ? 'all' : both;
  }, first);
}

/** The scopes of a route in words. */
export function sayScopes(scopes: NeededScopes): string {
  return scopes === 'all' ? `all (${ADMIN_SCOPES.join(', ')})` : scopes.join(' or ');
}
