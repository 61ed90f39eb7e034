/** Chromium of this machine, for tests of the page. */
import { existsSync } from 'node:fs';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of the program: `CODER_SCIM_TEST_CHROMIUM`, or where packages put it; undefined when there is none. */
export function findChromium(): string | undefined {
  const named = process.env['CODER_SCIM_TEST_CHROMIUM'];
  if (named !== undefined && named !== '') {
    if (existsSync(named)) return named;
    throw new Error(
      `CODER_SCIM_TEST_CHROMIUM is ${JSON.stringify(named)}: wanted the path of a Chromium that is there`,
    );
  }
  return PLACES.find(existsSync);
}

/** Declares a suite that looks at a page in a browser; without one on the machine it is skipped, and says what to do. */
export function describeWithChromium(name: string, suite: (executable: string) => void): void {
  const executable = findChromium();
  if (executable !== undefined) {
    describe(name, () => suite(executable));
    return;
  }
  process.stderr.write(
    '\nChromium was not found: the page is not looked at in a browser. Install it (`apt-get install chromium`), or name one in CODER_SCIM_TEST_CHROMIUM.\n',
  );
  describe.skip(`${name} (no Chromium on this machine)`, () => suite(''));
}
