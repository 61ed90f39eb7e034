import { readFileSync } from 'node:fs';
import { type Router } from 'express';
import { createAdminRouter } from '../../bridge/admin/router';
import { ADMIN_REFUSALS, ADMIN_ROUTES } from '../../bridge/admin/routes';
import { type AdminDeps } from '../../bridge/admin/deps';
import { CONSTRUCTS_FILE, renderConstructs } from '../../scripts/reference/constructs';
import { REFERENCE_FILE, renderReference } from '../../scripts/reference';
import { DOCUMENT_TYPES_FILE, renderDocumentTypes } from '../../scripts/reference/document-types';
import { renderTerraform, TERRAFORM_FILE } from '../../scripts/reference/terraform';

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
}

/** Method and path of every route, those of the router for apps below `/apps`. */
function routesOf(stack: readonly Layer[], prefix = ''): string[] {
  return stack.flatMap(layer => {
    if (layer.route !== undefined) {
      const path = `${prefix}${layer.route.path}`.replace(/(.)\/$/, '$1');
      return Object.keys(layer.route.methods).map(method => `${method.toUpperCase()} ${path}`);
    }
    return layer.handle.stack === undefined ? [] : routesOf(layer.handle.stack, '/apps');
  });
}

describe('reference', () => {
  it('says what the code says: `npm run reference` writes it anew', async () => {
    expect(readFileSync(REFERENCE_FILE, 'utf8')).toBe(await renderReference());
  });

  it('as types says what the shape says', () => {
    expect(readFileSync(DOCUMENT_TYPES_FILE, 'utf8')).toBe(renderDocumentTypes());
  });

  it('of the provider says what its schema says', () => {
    const document = readFileSync(TERRAFORM_FILE, 'utf8');
    expect(document).toBe(renderTerraform(document));
    for (const part of ['coderscim_app', '`timeouts.delete`', '`role_mappings["…"].role`', 'token_digest(token)'])
      expect(document).toContain(part);
  });

  it('of the constructs says what types and docstrings say, for every export', () => {
    const document = readFileSync(CONSTRUCTS_FILE, 'utf8');
    expect(document).toBe(renderConstructs());
    for (const part of [
      '| `idpGroupExternalId` |',
      'ScimApp.fromName(',
      "'push' | 'claims'".replace('|', '\\|'),
      'CoderRole.OWNER',
    ])
      expect(document).toContain(part);
    // A docstring for everything.
    expect(document.split('\n').filter(line => /^\| `[^|]*` \|( `[^|]*` \|)? +\|/.test(line))).toEqual([]);
  });

  it('has every route of the admin API and no other', () => {
    const router: Router = createAdminRouter({} as AdminDeps);
    const stack = router.stack as unknown as readonly Layer[];
    expect(ADMIN_ROUTES.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(routesOf(stack).sort());
  });

  it('explains every refusal that a route names', () => {
    const explained = ADMIN_REFUSALS.map(([, code]) => code);
    for (const { path, refuses } of ADMIN_ROUTES) {
      for (const code of refuses) expect([path, explained]).toEqual([path, expect.arrayContaining([code])]);
    }
  });
});
