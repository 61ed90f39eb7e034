import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TerraformAsset } from 'cdktf';
import { type Construct } from 'constructs';

/**
 * A built file of this package. Works from the published `dist/constructs/l1` and from the sources beside it.
 * @throws Error when the package was not built
 */
export function builtFile(name: string): string {
  const candidates = [join(__dirname, '..', '..', name), join(__dirname, '..', '..', 'dist', name)];
  const found = candidates.find(existsSync);
  if (found === undefined) {
    throw new Error(
      `coder-scim is incomplete: ${name} is missing; in a clone run \`npm run build\`, elsewhere install the package again`,
    );
  }
  return found;
}

/** A file that lands at a place of our choice in the stack's folder, instead of below `assets/`. */
export class PlacedFile extends TerraformAsset {
  constructor(
    scope: Construct,
    id: string,
    sourcePath: string,
    private readonly place: string,
  ) {
    // Its place is its name: no hash of a megabyte is made to tell it by.
    super(scope, id, { path: sourcePath, assetHash: place });
  }

  /** Path in the stack's folder. */
  override get path(): string {
    return this.place;
  }
}
