import { readFileSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { describeWithChromium } from '../support/chromium';
import { until } from '../support/until';
import { APP, type Company, startCompany } from './company';

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

describeWithChromium('the page in a browser', executable => {
  let company: Company;
  let browser: Browser;
  const opened: BrowserContext[] = [];

  beforeAll(async () => {
    company = await startCompany();
    browser = await chromium.launch({ executablePath: executable, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(async () => {
    await browser.close();
    await company.stop();
  });
  afterEach(async () => {
    for (const context of opened.splice(0)) await context.close();
  });

  /** A browser's window, with everything that it asked for and complained of. */
  async function open(options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await browser.newContext(options);
    opened.push(context);
    const page = await context.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on('request', request => asked.push(new URL(request.url()).origin));
    page.on('console', message => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(error.message));
    return { context, page, asked, complaints };
  }

  async function signIn(page: Page): Promise<void> {
    await page.goto(`${company.bridge.url}/ui`);
    await page.fill('#credential', company.bridge.adminToken);
    await page.keyboard.press('Enter');
    await page.waitForSelector('nav');
  }

  const pages = (): string[] => [
    '',
    '/people',
    `/people/${company.ids.get('alice')}`,
    '/groups',
    '/decisions',
    '/drift?plan=',
    '/audit',
    `/requests?app=${APP}`,
    '/setup',
    '/no-such-page',
  ];

  it.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 400],
    ['dark', 400],
  ] as const)('is accessible, %s and %i wide, and asks nobody but the bridge', async (colorScheme, width) => {
    const { page, asked, complaints } = await open({ colorScheme, viewport: { width, height: 800 }, bypassCSP: false });
    const found: string[] = [];
    const look = async (path: string) => {
      // Evaluated by the browser's debugger: the policy of the page is not in its way.
      await page.evaluate(AXE);
      const { violations } = await page.evaluate<{ violations: readonly Violation[] }>('axe.run(document)');
      for (const { id, nodes } of violations) found.push(`${path}: ${id}: ${nodes.map(node => node.html).join(' ')}`);
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth');
      if (wide > width) found.push(`${path}: ${wide} wide on ${width}`);
    };
    await page.goto(`${company.bridge.url}/ui`);
    await look('/sign-in');
    await signIn(page);
    for (const path of pages()) {
      await page.goto(`${company.bridge.url}/ui${path}`);
      await look(path);
    }
    expect(found).toEqual([]);
    // It would have found something: an image that says nothing.
    await page.evaluate("document.querySelector('main').append(new Image())");
    const { violations } = await page.evaluate<{ violations: readonly Violation[] }>('axe.run(document)');
    expect(violations.map(violation => violation.id)).toContain('image-alt');
    expect([...new Set(asked)]).toEqual([company.bridge.url]);
    expect(complaints.filter(text => !text.includes('404'))).toEqual([]);
  });

  it('shows the last hours of the plot where the screen is too narrow for the day', async () => {
    const { page } = await open({ viewport: { width: 380, height: 800 } });
    await signIn(page);
    const right = (selector: string) =>
      page.evaluate<number>(`[...document.querySelectorAll('${selector}')].at(-1).getBoundingClientRect().right`);
    expect(await right('svg.plot rect')).toBeLessThanOrEqual(await right('.plot-frame'));
  });

  it('is used by keyboard alone', async () => {
    const { page } = await open();
    await signIn(page);
    const focused = () => page.evaluate<string>('document.activeElement.textContent.trim()');
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('main');
    await page.goto(`${company.bridge.url}/ui`);
    for (let i = 0; i < 20 && (await focused()) !== 'People'; i += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/ui/people');
    await page.focus('#search');
    await page.keyboard.type('alice');
    await page.keyboard.press('Enter');
    await page.waitForURL('**search=alice**');
    expect(await page.locator('tbody tr').count()).toBe(1);
    // Choosing changes nothing but the choice, until it is sent.
    const sent: string[] = [];
    page.on('request', request => sent.push(request.url()));
    await page.focus('select[name=held]');
    await page.keyboard.press('ArrowDown');
    expect(await page.evaluate<string>('document.activeElement.value')).toBe('true');
    await page.keyboard.press('Tab');
    expect([await focused(), sent]).toEqual(['Search', []]);
    await page.keyboard.press('Enter');
    await page.waitForURL('**held=true**');
  });

  it('is read and decided without JavaScript', async () => {
    const { page } = await open({ javaScriptEnabled: false });
    await signIn(page);
    expect(await page.locator('button[data-copy]').first().isVisible()).toBe(false);
    await page.goto(`${company.bridge.url}/ui/audit`);
    expect(await page.locator('[data-live]').isVisible()).toBe(false);
    await page.selectOption('#audit-result', 'held');
    await page.click('text=Filter');
    expect(await page.locator('tbody tr').count()).toBeGreaterThan(0);
    await page.goto(`${company.bridge.url}/ui/setup`);
    expect(await page.locator('main').innerText()).toContain('First person');
    await page.goto(`${company.bridge.url}/ui/drift`);
    await page.click('text=Compare with Coder now');
    expect(await page.locator('[role=status]').innerText()).toContain('Compared with Coder');
  });

  it('shows the audit trail as it happens', async () => {
    const { page, complaints } = await open();
    await signIn(page);
    await page.goto(`${company.bridge.url}/ui/audit?action=debug.open`);
    const rows = page.locator('[data-entries] tbody tr');
    const before = await rows.count();
    await page.click('text=Follow live');
    await until('it follows', async () => (await page.locator('[data-live-state]').innerText()) === 'following');
    await company.bridge.admin.debug(APP, 60_000);
    await until('the new line', async () => (await rows.count()) > before);
    expect(await rows.first().innerText()).toContain('debug.open');
    await page.click('text=Stop');
    expect(await page.locator('[data-live-state]').innerText()).toBe('');
    expect(complaints).toEqual([]);
  });

  it('copies what is pasted into an identity provider, and sees what arrives', async () => {
    const { page, context } = await open();
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: company.bridge.url });
    await signIn(page);
    await page.goto(`${company.bridge.url}/ui/setup`);
    await page.click('button[aria-label="copy SCIM connector base URL"]');
    await page.waitForSelector('text=copied');
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(
      `${company.bridge.url}/apps/${APP}/scim/v2`,
    );
    const mapping = page.locator('[data-step=mapping]');
    expect(await mapping.innerText()).toContain('waiting');
    const scim = async (method: string, path: string, body?: object) => {
      const answer = await fetch(`${company.bridge.url}/apps/${APP}/scim/v2${path}`, {
        method,
        headers: { authorization: `Bearer ${company.scimToken}`, 'content-type': 'application/scim+json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return text === '' ? {} : (JSON.parse(text) as { id?: string; Resources?: { id: string }[] });
    };
    const { id: group = '' } = await scim('POST', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'coder-auditors',
      members: [],
    });
    await until('the step says what is missing', async () => (await mapping.innerText()).includes('no member yet'));
    const { Resources: [person] = [] } = await scim('GET', '/Users?count=1');
    await scim('PATCH', `/Groups/${group}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'members', value: [{ value: person?.id }] }],
    });
    await until('the step is done', async () => (await mapping.innerText()).includes('done'));
  });

  it('reads out a step of a set-up when it changes, and no other', async () => {
    const { page } = await open();
    await signIn(page);
    let asked = 0;
    let group = 'none yet';
    await page.route('**/steps', async route => {
      const response = await route.fetch();
      const report = (await response.json()) as { steps: { name: string; done: boolean; detail: string }[] };
      for (const step of report.steps)
        if (step.name === 'group') Object.assign(step, { done: group !== 'none yet', detail: group });
        else Object.assign(step, { done: false, detail: 'as before' });
      asked += 1;
      await route.fulfill({ response, json: report });
    });
    await page.goto(`${company.bridge.url}/ui/setup`);
    const [first] = await page.locator('[data-step][aria-live=polite][aria-atomic=true] .badge').all();
    expect(first).toBeDefined();
    await until('it has looked', async () => asked > 0 && (await page.locator('text=as before').count()) > 1);
    await page.evaluate(`
      window.changed = [];
      new MutationObserver(records => {
        for (const { target } of records) window.changed.push(target.closest?.('[data-step]')?.dataset.step);
      }).observe(document.querySelector('[data-steps]'), { subtree: true, childList: true, attributes: true, characterData: true });
    `);
    const before = asked;
    await until('it has looked again and again', () => asked > before + 1);
    expect(await page.evaluate<unknown[]>('window.changed')).toEqual([]);
    group = 'one came';
    await until('it is shown', async () => (await page.locator('[data-step=group]').innerText()).includes('one came'));
    expect([...new Set(await page.evaluate<unknown[]>('window.changed'))]).toEqual(['group']);
    expect(await page.locator('[data-step=group]').innerText()).toContain('done');
  });

  it('releases a plan with what is typed and a reason', async () => {
    const { page } = await open();
    await signIn(page);
    await page.click('text=Look at them');
    await page.getByLabel('to confirm').fill('2');
    // The browser itself asks for what is missing.
    await page.click('text=Release this plan');
    expect((await company.bridge.admin.status()).holds).toHaveLength(1);
    await page.getByLabel('Reason').fill('they moved to another company');
    await page.click('text=Release this plan');
    await page.waitForSelector('text=Released: the changes are being made.');
    await until('nothing is held', async () => (await company.bridge.admin.status()).holds.length === 0);
  });
});
