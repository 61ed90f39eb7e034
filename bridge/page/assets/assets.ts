/** Style, script and icon of the page: texts of this package, served under a name that changes with them. */
import { createHash } from 'node:crypto';
import { type Router } from 'express';
import { ICON } from './icon';
import { SCRIPT } from './script';
import { STYLE } from './style';

const ASSETS = {
  'style.css': { type: 'text/css; charset=utf-8', text: STYLE },
  'page.js': { type: 'text/javascript; charset=utf-8', text: SCRIPT },
  'icon.svg': { type: 'image/svg+xml', text: ICON },
} as const;

const VERSION = createHash('sha256')
  .update(
    Object.values(ASSETS)
      .map(asset => asset.text)
      .join('\n'),
  )
  .digest('hex')
  .slice(0, 16);

/** Path of an asset below the page. */
export function assetPath(name: keyof typeof ASSETS): string {
  return `/assets/${VERSION}/${name}`;
}

export function addAssets(router: Router): void {
  for (const [name, { type, text }] of Object.entries(ASSETS))
    router.get(assetPath(name as keyof typeof ASSETS), (_request, response) => {
      response
        .setHeader('cache-control', 'public, max-age=31536000, immutable')
        .setHeader('content-type', type)
        .send(text);
    });
}
