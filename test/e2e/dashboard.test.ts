import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, BrowserContextOptions, Locator, Page, Request } from 'playwright-core';
import { spliceWindow } from '../../examples/dashboard/src/runs/spliceWindow.ts';
import { describeWithChromium, launchChromium } from '../support/chromium.ts';
import { axePath, buildDashboard, dashboardPackages, serveDashboard } from '../support/dashboard.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const HOUR_MS = 3_600_000;

/** For how long the gateway holds the head of a list for fresh here, and so between its own polls. */
const FRESH_MS = 4000;

/** A page's clock runs from when it is there until it is stopped, and can't be stopped at a time that is past. */
const OPENING_MS = 60_000;

/** The dashboard's own numbers. */
const POLL_MS = 5000;
const PAGE_SIZE = 25;

/** An account that has runs in every project of the simulator. */
const CREATOR = '1107550004253538';

const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  isMobile: true,
  hasTouch: true,
};

describeWithChromium('the dashboard', [dashboardPackages], () => {
  jest.setTimeout(60_000);
  let browser: Browser;
  beforeAll(async () => {
    buildDashboard();
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  describe('as a scrolling list', () => {
    test('shows every run once and in order over three pages while new ones arrive', async () => {
      await using scene = await open('/?project=10000');
      const { page, gateway } = scene;
      await rowsAre(scene, PAGE_SIZE);
      for (const round of [1, 2, 3]) {
        gateway.simulator.addRuns('10000', 3);
        const [oldest] = (await shownIds(page)).slice(-1);
        await page.mouse.wheel(0, 100_000);
        await scene.until(page.locator(`[data-run-id="${oldest!}"] + .run`));
        await scene.pass(POLL_MS);
        await scene.until(page.getByText(`${3 * round} new`));
      }
      await rowsBegin(scene, idsOf(gateway, '10000')[0]!);
      const shown = await shownIds(page);
      expect(shown.length).toBeGreaterThan(3 * PAGE_SIZE + 9);
      expect(shown).toEqual(idsOf(gateway, '10000').slice(0, shown.length));
      await scene.until(page.getByRole('status').filter({ hasText: '2,533 runs' }));
      // The head once a poll, and the canonical page behind it once, when the last window reached into it. Time stands still here,
      // so their disagreement about the new runs has both read once more.
      expect(runCalls(gateway).sort()).toEqual([1, 1, 1, 1, 1, 2, 2]);
    });

    test('keeps the scroll position when runs arrive above, and links to them', async () => {
      await using scene = await open('/?project=10000');
      const { page, gateway } = scene;
      await rowsAre(scene, PAGE_SIZE);
      const row = page.locator(`[data-run-id="${idsOf(gateway, '10000')[18]!}"]`);
      await row.evaluate((node) => node.scrollIntoView({ block: 'center' }));
      const topBefore = await topOf(row);
      gateway.simulator.addRuns('10000', 2);
      await scene.pass(POLL_MS);
      const newRuns = page.getByRole('button', { name: '2 new runs' });
      await scene.until(newRuns);
      await rowsBegin(scene, idsOf(gateway, '10000')[0]!);
      // The browser keeps the place when it draws, and not when the rows are put in.
      await scene.settled();
      expect(Math.abs((await topOf(row)) - topBefore)).toBeLessThan(1);
      await newRuns.click();
      await newRuns.waitFor({ state: 'detached' });
      expect((await shownIds(page)).slice(0, 2)).toEqual(idsOf(gateway, '10000').slice(0, 2));
    });

    test('follows a run through its stages', async () => {
      await using scene = await open('/?project=10000');
      const { page, gateway } = scene;
      await rowsAre(scene, PAGE_SIZE);
      const [run] = gateway.simulator.addRuns('10000', 1);
      const row = page.locator(`[data-run-id="${run!.id}"]`);
      const status = row.locator('.run-status');
      await scene.pass(POLL_MS);
      await scene.until(status.getByText('Running'));
      await scene.pass(12 * HOUR_MS);
      await scene.until(status.getByText(/Succeeded|Failed|Terminated|Canceled/));
    });

    test('stops polling while the tab is hidden, and polls immediately when it is visible again', async () => {
      await using scene = await open('/?project=10001');
      const { page, gateway } = scene;
      await rowsAre(scene, PAGE_SIZE);
      await setHidden(page, true);
      gateway.newCalls();
      gateway.simulator.addRuns('10001', 1);
      await scene.pass(10 * POLL_MS);
      await scene.settled();
      expect(runCalls(gateway)).toEqual([]);
      await setHidden(page, false);
      await scene.pass(0);
      await rowsAre(scene, PAGE_SIZE + 1);
      expect(runCalls(gateway)).toEqual([1]);
    });
  });

  describe('over a WebSocket', () => {
    test('receives new runs without polling, and polls while the socket is disconnected', async () => {
      await using scene = await open('/?project=10000', { sockets: true });
      const { page, gateway } = scene;
      await rowsAre(scene, PAGE_SIZE);
      await scene.until(page.locator('html[data-events="1"]'));
      gateway.newCalls();
      gateway.simulator.addRuns('10000', 3);
      await scene.pass(FRESH_MS);
      await scene.until(page.getByText('3 new'));
      await rowsBegin(scene, idsOf(gateway, '10000')[0]!);
      expect(await shownIds(page)).toEqual(idsOf(gateway, '10000').slice(0, PAGE_SIZE + 3));
      expect(await page.locator('html').getAttribute('data-events')).toBe('2');
      // The gateway's own poll; what the page has read then was known.
      expect(runCalls(gateway)).toEqual([1]);
      await page.evaluate('window.lastSocket.close(4000)');
      await scene.until(page.locator('html[data-closed]'));
      gateway.simulator.addRuns('10000', 1);
      await scene.pass(POLL_MS);
      await scene.until(page.getByText('4 new'));
    });
  });

  describe('as numbered pages', () => {
    test('navigates between pages, and back with the browser', async () => {
      await using scene = await open('/?project=10001&mode=pages&page=2');
      const { page, gateway } = scene;
      const runs = idsOf(gateway, '10001');
      await rowsBegin(scene, runs[PAGE_SIZE]!);
      await page.getByRole('link', { name: 'Next page' }).click();
      await rowsBegin(scene, runs[2 * PAGE_SIZE]!);
      expect(await shownIds(page)).toEqual(runs.slice(2 * PAGE_SIZE, 3 * PAGE_SIZE));
      expect(new URL(page.url()).search).toBe('?project=10001&mode=pages&page=3');
      expect(await page.getByRole('link', { name: 'Page 3' }).getAttribute('aria-current')).toBe('page');
      await page.goBack();
      await rowsBegin(scene, runs[PAGE_SIZE]!);
      expect(runCalls(gateway)).toEqual([1]);
    });

    test('reports that there is no page beyond the last', async () => {
      await using scene = await open('/?project=10002&mode=pages&page=9');
      await scene.page.getByRole('heading', { name: 'Page not found' }).waitFor();
      await scene.page.getByRole('button', { name: 'Go to the first page' }).click();
      await rowsAre(scene, PAGE_SIZE);
    });
  });

  describe('on errors', () => {
    test('shows cached runs with a badge, and no error, while DataWorks throttles', async () => {
      await using scene = await open('/?project=10000', { settings: { CACHE_STALE_MS: '600000' } });
      const { page, gateway } = scene;
      await rowsAre(scene, PAGE_SIZE);
      gateway.simulator.fault({ kind: 'throttle' });
      const badge = page.getByText('Stale: quota used up');
      await scene.until(badge, { everywhere: true });
      expect(await shownIds(page)).toHaveLength(PAGE_SIZE);
      expect(await page.getByRole('alert').count()).toBe(0);
      gateway.simulator.clearFaults();
      await scene.until(badge, { everywhere: true, isThere: false });
    });

    test('reports that a project is forbidden, and stops polling', async () => {
      await using scene = await open('/?project=10004');
      const { page, gateway } = scene;
      const alert = page.getByRole('alert');
      await alert.getByText('DataWorks does not let the gateway read this workspace').waitFor();
      await page.getByText('UPSTREAM_FORBIDDEN').waitFor();
      gateway.newCalls();
      await scene.pass(10 * POLL_MS);
      await scene.settled();
      expect(runCalls(gateway)).toEqual([]);
    });

    test('counts down to the reported retry time, and then retries', async () => {
      await using scene = await open('about:blank', { settings: { DATAWORKS_DAILY_CALLS: '1' } });
      const { page, gateway, url } = scene;
      await gateway.query('{ project(projectId: 10001) { name } }');
      await page.goto(`${url}/?project=10000`);
      const alert = page.getByRole('alert');
      await alert.getByText('The quota of DataWorks calls is used up').waitFor();
      const countdown = page.getByRole('timer');
      const [, hours] = /^Trying again in (\d+) h \d+ min$/.exec(await countdown.innerText()) ?? [];
      await scene.pass(HOUR_MS);
      await scene.until(page.getByText(`Trying again in ${Number(hours) - 1} h`));
      gateway.newCalls();
      await scene.pass(Number(hours) * HOUR_MS);
      await rowsAre(scene, PAGE_SIZE);
      expect(runCalls(gateway)).toEqual([1]);
    });

    test('reports that the gateway is unreachable, and continues when it is reachable', async () => {
      await using scene = await open('/?project=10002');
      const { page } = scene;
      await rowsAre(scene, PAGE_SIZE);
      await page.route('**/graphql', (route) => route.abort());
      await scene.pass(POLL_MS);
      await scene.until(page.getByRole('alert').getByText('The gateway cannot be reached'));
      await scene.until(page.getByText('Trying again in 5 s'));
      expect(await shownIds(page)).toHaveLength(PAGE_SIZE);
      await page.unroute('**/graphql');
      await scene.pass(POLL_MS);
      await scene.until(page.getByRole('alert'), { isThere: false });
    });

    test('distinguishes an empty project from a filter without matches', async () => {
      await using scene = await open('/?project=10003');
      await scene.page.getByRole('heading', { name: 'No runs yet' }).waitFor();
      await scene.page.goto(`${scene.url}/?project=10001&creator=1`);
      await scene.page.getByRole('button', { name: 'Show all runs' }).click();
      await rowsAre(scene, PAGE_SIZE);
    });
  });

  describe('accessibility', () => {
    test('can be filtered by keyboard alone', async () => {
      await using scene = await open('/?project=10000');
      const { page, gateway } = scene;
      await rowsAre(scene, PAGE_SIZE);
      await tabTo(page, page.getByRole('radio', { name: 'All' }));
      for (let presses = 0; presses < 3; presses++) await page.keyboard.press('ArrowRight');
      const failed = idsOf(gateway, '10000', { status: 'Fail' });
      await rowsBegin(scene, failed[0]!);
      await tabTo(page, page.getByLabel('Creator'));
      await page.keyboard.type(CREATOR);
      await page.keyboard.press('Enter');
      const wanted = idsOf(gateway, '10000', { status: 'Fail', creator: CREATOR });
      await rowsBegin(scene, wanted[0]!);
      expect(await shownIds(page)).toEqual(wanted.slice(0, PAGE_SIZE));
      expect(new URL(page.url()).search).toBe(`?project=10000&status=FAILED&creator=${CREATOR}`);
      const disclosure = page.locator('.disclosure').first();
      await tabTo(page, disclosure);
      await page.keyboard.press('Enter');
      expect(await disclosure.getAttribute('aria-expanded')).toBe('true');
      await page.getByText(`Run ${wanted[0]!}`).waitFor();
    });

    test('accepts any workspace id', async () => {
      await using scene = await open('/?project=10000');
      const { page } = scene;
      await page.getByLabel('Workspace').selectOption('Another…');
      await page.getByLabel('Workspace number').fill('20003');
      await page.keyboard.press('Enter');
      await rowsBegin(scene, idsOf(scene.gateway, '20003')[0]!);
      expect(await page.title()).toBe('Workspace 20003 · Pipeline runs');
    });

    test.each([320, 390])('fits a phone of %i pixels', async (width) => {
      await using scene = await open('/?project=10000', {
        context: { ...PHONE, viewport: { width, height: 844 } },
      });
      const { page } = scene;
      await rowsAre(scene, PAGE_SIZE);
      await page.locator('.disclosure').first().click();
      const overflow = await page.locator('html').evaluate((root) => root.scrollWidth - root.clientWidth);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(await tooSmall(page.locator('main').locator('button, a, .choice-option, .input'))).toEqual([]);
    });

    test.each([
      ['light', '/?project=10000', {}],
      ['light', '/?project=10000', PHONE],
      ['dark', '/?project=10000&mode=pages&page=3', {}],
      ['dark', '/?project=10004', {}],
    ] as const)('has nothing that axe finds fault with: %s, %s', async (colorScheme, path, context) => {
      await using scene = await open(path, { context: { ...context, colorScheme } });
      const { page } = scene;
      await page.locator('.run, .problem').first().waitFor();
      if (path !== '/?project=10004') await page.locator('.disclosure').first().click();
      expect(await axeViolations(page)).toEqual([]);
    });
  });

  if (process.env['SCREENSHOTS']) {
    const picture = (name: string) =>
      fileURLToPath(new URL(`../docs/images/dashboard-${name}.png`, import.meta.url));

    test.each([
      ['light', { colorScheme: 'light' }],
      ['dark', { colorScheme: 'dark' }],
      ['phone', { ...PHONE, colorScheme: 'light', deviceScaleFactor: 2 }],
    ] as const)('has its picture taken: %s', async (name, context) => {
      await using scene = await open('/?project=10000', {
        context: { ...context, timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce' },
        settings: { CACHE_STALE_MS: '600000' },
        startMs: Date.UTC(2026, 2, 2, 3, 53, 31),
      });
      const { page, gateway } = scene;
      await rowsAre(scene, PAGE_SIZE);
      for (const minutesAgo of [4, 3, 1]) {
        gateway.simulator.addRuns('10000', 1);
        await scene.pass(minutesAgo * 60_000);
      }
      await scene.until(page.getByText('3 new'), { everywhere: true });
      if (name === 'dark') {
        gateway.simulator.fault({ kind: 'throttle' });
        await scene.until(page.getByText('Stale: quota used up'), { everywhere: true });
      }
      if (name !== 'phone') {
        await page.locator('.disclosure').nth(1).click();
        await page.mouse.move(0, 0);
      }
      await page.screenshot({ path: picture(name), animations: 'disabled' });
    });
  }

  /** The app in a page of its own, before a gateway that has nothing stale to serve unless the settings say so. */
  async function open(
    path: string,
    options: {
      context?: BrowserContextOptions;
      settings?: Record<string, string>;
      startMs?: number;
      /** Whether the browser has WebSockets. Default: no, so that the page asks at times of its own. */
      sockets?: boolean;
    } = {},
  ): Promise<Scene> {
    const clock = createVirtualClock(options.startMs);
    const gateway = await startTestGateway({
      clock,
      simulator: { now: () => clock.now() },
      settings: { CACHE_FRESH_MS: String(FRESH_MS), CACHE_STALE_MS: '0', ...options.settings },
    });
    const server = await serveDashboard(gateway.url);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options.context });
    const page = await context.newPage();
    const answered = watchRequests(page);
    await page.addInitScript(options.sockets ? WATCH_SOCKETS : 'delete window.WebSocket');
    await page.addInitScript(WATCH_FRAMES);
    await page.clock.install({ time: clock.now() });
    await clock.advance(OPENING_MS);
    await page.clock.pauseAt(clock.now());
    await page.goto(path === 'about:blank' ? path : server.url + path);
    return { url: server.url, page, gateway, pass, until, settled, [Symbol.asyncDispose]: close };

    async function pass(ms: number): Promise<void> {
      await clock.advance(ms);
      await page.clock.fastForward(ms);
    }

    async function until(element: Locator, { isThere = true, everywhere = false } = {}): Promise<void> {
      for (let steps = 0; (await element.count()) > 0 !== isThere; steps++) {
        if (steps > 1000) throw new Error(`Waited in vain for ${String(element)}${isThere ? '' : ' to go'}.`);
        if (everywhere) {
          await page.evaluate('nextFrame()');
          await pass(100);
        } else {
          await settled();
          await page.clock.fastForward(1);
        }
      }
    }

    async function settled(): Promise<void> {
      await page.evaluate('nextFrame()');
      await answered();
    }

    async function close(): Promise<void> {
      await context.close();
      await server[Symbol.asyncDispose]();
      await gateway.close();
    }
  }
});

describe('a window spliced into a list', () => {
  const access = { idOf: (row: string) => row.toLowerCase(), cursorOf: (row: string) => row };
  const splice = (loaded: string, window: string, after: string | null) => {
    const { before, behind } = spliceWindow(Array.from(loaded), Array.from(window), after, access);
    return [...before, window, ...behind].join('');
  };

  test.each([
    ['appends what follows', 'abc', 'def', 'c', 'abcdef'],
    ['puts new rows before what is loaded', 'cdef', 'abc', null, 'abcdef'],
    ['drops a row that has left the list', 'abcdef', 'acd', null, 'acdef'],
    ['renews rows in the middle', 'abcdef', 'CD', 'b', 'abCDef'],
    ['doubles no row that another window has brought already', 'abcd', 'cde', 'b', 'abcde'],
    ['finds its place by its rows where its cursor is gone', 'abcd', 'cde', 'x', 'abcde'],
    ['begins anew where the head has moved beyond what is loaded', 'def', 'abc', null, 'abc'],
    ['is nothing where the list has become empty', 'abc', '', null, ''],
  ])('%s', (_, loaded, window, after, result) => {
    expect(splice(loaded, window, after)).toBe(result);
  });
});

/** Notes a page's events and closes in its root element, and keeps its last socket. */
const WATCH_SOCKETS = `
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      window.lastSocket = this;
      this.addEventListener('message', ({ data }) => {
        const { dataset } = document.documentElement;
        if (JSON.parse(data).type === 'next') dataset.events = String(Number(dataset.events ?? 0) + 1);
      });
      this.addEventListener('close', () => (document.documentElement.dataset.closed = ''));
    }
  };
`;

/** Keeps the browser's own frames: the page's are of the time that stands still. */
const WATCH_FRAMES = `{
  const request = window.requestAnimationFrame.bind(window);
  window.nextFrame = () => new Promise(request);
}`;

/** The returned function resolves when the page waits for no answer of the gateway's. */
function watchRequests(page: Page): () => Promise<void> {
  const underWay = new Set<Request>();
  let wake = (): void => undefined;
  page.on('request', (request) => {
    if (request.url().endsWith('/graphql')) underWay.add(request);
  });
  page.on('requestfinished', end);
  page.on('requestfailed', end);
  return async () => {
    if (underWay.size > 0) await new Promise<void>((resolve) => (wake = resolve));
  };

  function end(request: Request): void {
    if (underWay.delete(request) && underWay.size === 0) wake();
  }
}

interface Scene extends AsyncDisposable {
  url: string;
  page: Page;
  gateway: TestGateway;
  /** Lets time go by for the simulator, the gateway and the page. */
  pass(ms: number): Promise<void>;
  /**
   * Lets the page's time go by in small steps, and with `everywhere` all time, until an element is there or no longer. Before each
   * step the page settles, or at least draws, so that a slow machine has no fewer of them.
   */
  until(element: Locator, options?: { isThere?: boolean; everywhere?: boolean }): Promise<void>;
  /** Resolves when the page has drawn what it has, and waits for no answer of the gateway's. */
  settled(): Promise<void>;
}

async function rowsAre(scene: Scene, count: number): Promise<void> {
  const { page } = scene;
  await scene.until(page.locator(`.run:nth-of-type(${count})`));
  expect(await page.locator('.run').count()).toBe(count);
}

async function rowsBegin(scene: Scene, runId: string): Promise<void> {
  await scene.until(scene.page.locator(`.runs .run:first-of-type[data-run-id="${runId}"]`));
}

function shownIds(page: Page): Promise<string[]> {
  return page.locator('.run').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-run-id') ?? ''));
}

/** The runs of a project, newest first, as they are in truth. */
function idsOf(
  { simulator }: TestGateway,
  projectId: string,
  filter?: Parameters<TestGateway['simulator']['runs']>[1],
): string[] {
  return simulator.runs(projectId, filter).map(({ id }) => id);
}

/** The pages of lists of runs that were asked of DataWorks since the last time. */
function runCalls(gateway: TestGateway): number[] {
  return gateway
    .newCalls()
    .filter((call) => call.startsWith('ListPipelineRuns '))
    .map((call) => Number(call.split(' ')[1]));
}

function topOf(element: Locator): Promise<number> {
  return element.evaluate((node) => node.getBoundingClientRect().top);
}

/** Those that a finger misses, which are smaller than WCAG's 2.5.8 has it, by their classes. */
function tooSmall(targets: Locator): Promise<string[]> {
  return targets.evaluateAll((elements) =>
    elements
      .filter((element) => Math.min(element.clientWidth, element.clientHeight) < 24)
      .map(({ classList }) => classList.value),
  );
}

async function setHidden(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'hidden', { configurable: true, value: ${String(isHidden)} });
    document.dispatchEvent(new Event('visibilitychange'));
  `);
}

/** Presses Tab until the element has the focus, as someone without a mouse would. */
async function tabTo(page: Page, element: Locator): Promise<void> {
  for (let presses = 0; presses < 100; presses++) {
    if (await element.evaluate((node) => node.matches(':focus'))) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${String(element)} is not reached by Tab.`);
}

/** What is wrong, and with which element. */
async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(axePath, 'utf8'));
  const running = page.evaluate<string[]>(`axe.run().then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)),
  )`);
  // It rests on a timer now and then, which stands still here.
  await page.clock.resume();
  return running;
}
