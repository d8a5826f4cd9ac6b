import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Browser, Locator, Page } from 'playwright-core';
import type { Clock } from '../../src/core/clock.ts';
import { describeWithChromium, launchChromium } from '../support/chromium.ts';
import { digestOf, temporaryFiles } from '../support/fixtures.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { createVirtualClock } from '../support/virtualClock.ts';

const TOKEN = 'dwg_reader';

/** GraphiQL with a subscription to a workspace that has no runs. */
const LIVE_PATH = `/explorer?query=${encodeURIComponent(
  'subscription Live { pipelineRunsUpdated(projectId: 10003) { totalCount updates { run { runId } } } }',
)}`;

/** The headers of a browser that opens a page. */
const asBrowser = { accept: 'text/html,application/xhtml+xml' };

describe('the explorers', () => {
  test('are off in production by default', async () => {
    await using server = await startServer({ NODE_ENV: 'production' });
    expect((await server.get('/explorer')).status).toBe(404);
    const { headers, text } = await server.get('/graphql');
    expect(headers.get('content-type')).toMatch(/json/);
    expect(text).not.toMatch(/<html/i);
  });

  test('are on in production with EXPLORER on', async () => {
    await using server = await startServer({ NODE_ENV: 'production', EXPLORER: 'on' });
    for (const path of ['/explorer', '/graphql']) {
      const { status, headers } = await server.get(path);
      expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    }
    expect(server.gateway.newCalls()).toEqual([]);
  });

  test('have policies without inline scripts and foreign requests', async () => {
    await using server = await startServer();
    for (const path of ['/explorer', '/graphql']) {
      const policy = policyOf((await server.get(path)).headers);
      expect(policy).toMatchObject({
        'default-src': ["'none'"],
        'connect-src': ["'self'"],
        'base-uri': ["'none'"],
        'form-action': ["'none'"],
        'frame-ancestors': ["'none'"],
      });
      expect(policy['script-src']!.join()).not.toMatch(/unsafe|\*|https?:/);
    }
  });
});

describe('GraphiQL’s page', () => {
  test('references only files of this gateway, which have the right type', async () => {
    await using server = await startServer();
    const { text, headers } = await server.get('/explorer');
    expect(headers.get('cache-control')).toBe('no-cache');
    const files = [...text.matchAll(/(?:src|href)="([^"]+)"|"(explorer\/[^"]+)"/g)]
      .map(([, attribute, setting]) => attribute ?? setting!)
      .filter((address) => !address.startsWith('data:'));
    expect(files).toHaveLength(6);
    for (const file of files) {
      const { status, headers } = await server.get(`/${file}`, { method: 'HEAD' });
      expect([status, headers.get('content-type')]).toEqual([
        200,
        `text/${file.endsWith('.css') ? 'css' : 'javascript'}; charset=utf-8`,
      ]);
      expect(headers.get('cache-control')).toContain('immutable');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    }
  });

  test('is compressed for clients that accept gzip', async () => {
    await using server = await startServer();
    const [, script] = /src="(explorer\/graphiql\.[^"]+)"/.exec((await server.get('/explorer')).text)!;
    const [small, whole] = await Promise.all(
      ['gzip, br', 'identity'].map((encoding) =>
        server.get(`/${script!}`, { headers: { 'accept-encoding': encoding } }),
      ),
    );
    expect(small!.headers.get('content-encoding')).toBe('gzip');
    expect(whole!.headers.get('content-encoding')).toBeNull();
    expect(small!.text).toBe(whole!.text);
    expect(Number(small!.headers.get('content-length'))).toBeLessThan(1_600_000);
  });

  test('has no other files', async () => {
    await using server = await startServer();
    for (const path of ['/explorer/graphiql.js', '/explorer/..%2fmain.js', '/explorer/__proto__']) {
      expect((await server.get(path)).status).toBe(404);
    }
  });

  test('needs and contains no token, whereas operations need one', async () => {
    await using server = await startServerWithTokens();
    const { status, text } = await server.get('/explorer');
    expect(status).toBe(200);
    expect(text).toContain('need a token');
    expect((await server.gateway.query('{ __typename }')).status).toBe(401);
  });
});

describe('a note on a restriction', () => {
  test.each([
    [{ INTROSPECTION: 'off' }, 'INTROSPECTION is off: there is no documentation'],
    [{ PERSISTED_OPERATIONS_ONLY: 'on' }, 'Only the operations of this gateway’s manifest run here.'],
  ])('is shown on both pages with %j', async (settings, note) => {
    await using files = await temporaryFiles();
    const manifest = await files.write('manifest.json', {});
    await using server = await startServer({ PERSISTED_OPERATIONS_FILE: manifest, ...settings });
    for (const path of ['/explorer', '/graphql']) expect((await server.get(path)).text).toContain(note);
  });

  test('is absent without restrictions', async () => {
    await using server = await startServer();
    expect((await server.get('/explorer')).text).not.toContain('<aside>');
    expect((await server.get('/graphql')).text).not.toContain('INTROSPECTION');
  });
});

describeWithChromium('in a browser that reaches nothing but the gateway', [], () => {
  jest.setTimeout(90_000);
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  describe('GraphiQL', () => {
    test('executes a typed operation and shows the rows', async () => {
      await using scene = await open('/explorer');
      const { page, gateway } = scene;
      await editor(page).click();
      await page.keyboard.press('Control+A');
      await page.keyboard.type(
        'query Three { pipelineRuns(projectId: 10000, first: 3) { nodes { runId } } }',
      );
      // Brackets that the editor closes itself and then does not type over.
      for (const keys of ['Control+Shift+End', 'Delete']) await page.keyboard.press(keys);
      // GraphiQL executes the operation that its tab is named after.
      await page.getByRole('tab', { name: 'Three' }).waitFor();
      gateway.newCalls();
      await page.keyboard.press('Control+Enter');
      for (const { id } of gateway.simulator.runs('10000').slice(0, 3)) await answerShows(page, id);
      expect(gateway.newCalls()).toEqual(['ListPipelineRuns 1']);
      expect(scene.faults).toEqual([]);
    });

    test('opens with a working example, and documents the fields', async () => {
      await using scene = await open('/explorer');
      const { page, gateway } = scene;
      await run(page);
      await answerShows(page, '"totalCount": 2524');
      await answerShows(page, gateway.simulator.runs('10000')[0]!.id);
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      const documentation = page.locator('.graphiql-doc-explorer');
      for (const name of ['Query', 'PipelineRunConnection', 'PipelineRun']) {
        await documentation.getByRole('link', { name, exact: true }).first().click();
      }
      await documentation.getByText('Only SUCCEEDED means that the deployment is complete.').waitFor();
      expect(scene.faults).toEqual([]);
      await keepPicture(page);
    });

    test('has an enforced policy: no foreign requests and no inline scripts', async () => {
      await using scene = await open('/explorer');
      expect(await scene.page.evaluate(fetchElsewhere)).toBe('blocked');
      await scene.page.evaluate(addInlineScript);
      expect(await scene.page.evaluate('typeof inlineRan')).toBe('undefined');
      expect(scene.faults).toEqual([
        ...refusedFetch,
        expect.stringContaining("directive 'script-src 'self''"),
      ]);
    });

    test('sends a token from its headers, and does not store it', async () => {
      await using scene = await open('/explorer', await startServerWithTokens());
      const { page, gateway } = scene;
      await page.getByText('Operations need a token').waitFor();
      await typeToken(page);
      await page.getByRole('button', { name: 'Re-fetch GraphQL schema' }).click();
      await run(page);
      await answerShows(page, gateway.simulator.runs('10000')[0]!.id);
      await page.reload();
      await editor(page).waitFor();
      expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(TOKEN);
      // It introspects before a token can be entered.
      expect(new Set(scene.faults)).toEqual(new Set(['401 /graphql']));
    });

    test('shows each event of a subscription until it is stopped, then closes its socket', async () => {
      const clock = createVirtualClock();
      await using scene = await open(LIVE_PATH, await startServer({}, clock));
      const { page, gateway } = scene;
      const opened = page.waitForEvent('websocket');
      await run(page);
      await answerShows(page, '"totalCount": 0');
      gateway.simulator.addRuns('10003', 1);
      while (!(await answerHas(page, '"totalCount": 1').isVisible())) await clock.advance(1000);
      const closed = (await opened).waitForEvent('close');
      await page.getByRole('button', { name: 'Stop query' }).click();
      await closed;
      await page.getByRole('button', { name: 'Execute query' }).waitFor();
      expect(scene.faults).toEqual([]);
    });

    test('ends a subscription when the gateway does', async () => {
      const server = await startServer();
      const { id } = server.gateway.simulator.runs('10000').find(({ status }) => status === 'Success')!;
      const operation = `subscription { pipelineRunUpdated(projectId: 10000, runId: "${id}") { run { status } } }`;
      await using scene = await open(`/explorer?query=${encodeURIComponent(operation)}`, server);
      await run(scene.page);
      await answerShows(scene.page, '"status": "SUCCEEDED"');
      await scene.page.getByRole('button', { name: 'Execute query' }).waitFor();
      expect(scene.faults).toEqual([]);
    });

    test('authenticates subscriptions by its headers, and shows why one is rejected', async () => {
      await using scene = await open(LIVE_PATH, await startServerWithTokens());
      const { page } = scene;
      await run(page);
      await answerShows(page, 'UNAUTHENTICATED');
      await typeToken(page);
      await run(page);
      await answerShows(page, '"totalCount": 0');
    });

    test('executes operations without introspection and shows a note', async () => {
      await using scene = await open('/explorer', await startServer({ INTROSPECTION: 'off' }));
      await scene.page.getByText('INTROSPECTION is off').waitFor();
      await run(scene.page);
      await answerShows(scene.page, '"totalCount": 2524');
      expect(new Set(scene.faults)).toEqual(new Set(['403 /graphql']));
    });
  });

  test('Apollo Sandbox’s page loads only what it needs from Apollo', async () => {
    await using scene = await open('/graphql', await startServer(), apolloStandIns);
    const { page, gateway } = scene;
    const example = await page.locator('#example').innerText();
    expect(example).toContain('Latest runs of workspace 10000');
    expect((await gateway.query(example)).data.pipelineRuns.totalCount).toBe(2524);
    expect(await page.locator('#answer').innerText()).toBe('{"data":{"__typename":"Query"}}');
    expect(scene.faults).toEqual([]);
    expect(await page.evaluate(fetchElsewhere)).toBe('blocked');
    expect(scene.faults).toEqual(refusedFetch);
  });

  /** An open page of the gateway and its problems: policy violations, errors and foreign requests. */
  async function open(path: string, opened?: TestServer, standIns: Record<string, StandIn> = {}) {
    const server = opened ?? (await startServer());
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const faults: string[] = [];
    await context.route(
      (url) => url.origin !== server.gateway.url,
      (route) => {
        const { host, pathname } = new URL(route.request().url());
        const standIn = standIns[host];
        if (standIn) return route.fulfill(standIn);
        faults.push(`outside: ${host}${pathname}`);
        return route.abort();
      },
    );
    const page = await context.newPage();
    page.on('pageerror', ({ message }) => faults.push(message));
    page.on('console', (message) => {
      // The status says more than the browser's message.
      if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
      faults.push(message.text());
    });
    page.on('response', (response) => {
      const { pathname } = new URL(response.url());
      if (response.status() >= 400 && pathname !== '/favicon.ico') {
        faults.push(`${response.status()} ${pathname}`);
      }
    });
    // Not `networkidle`: Chromium does not always report that the request for a worker's script has ended.
    await page.goto(server.gateway.url + path, { waitUntil: 'load' });
    return { page, gateway: server.gateway, faults, [Symbol.asyncDispose]: close };

    async function close(): Promise<void> {
      await context.close();
      await server[Symbol.asyncDispose]();
    }
  }
});

interface UpstreamResult {
  status: number;
  headers: Headers;
  text: string;
}

interface TestServer extends AsyncDisposable {
  gateway: TestGateway;
  get(path: string, init?: RequestInit): Promise<UpstreamResult>;
}

/** A gateway with a browser. */
async function startServer(settings: Record<string, string> = {}, clock?: Clock): Promise<TestServer> {
  const gateway = await startTestGateway({
    settings,
    ...(clock && { clock, simulator: { now: () => clock.now() } }),
  });
  return {
    gateway,
    async get(path, init = {}) {
      const headers = { ...asBrowser, ...(init.headers as Record<string, string> | undefined) };
      const answer = await fetch(gateway.url + path, { ...init, headers });
      return { status: answer.status, headers: answer.headers, text: await answer.text() };
    },
    [Symbol.asyncDispose]: () => gateway.close(),
  };
}

async function startServerWithTokens(): Promise<TestServer> {
  const files = await temporaryFiles();
  const tokens = [{ name: 'reader', sha256: digestOf(TOKEN), projects: '*' }];
  const server = await startServer({ AUTH_TOKENS_FILE: await files.write('tokens.json', tokens) });
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await files[Symbol.asyncDispose]();
    },
  };
}

function policyOf(headers: Headers): Record<string, string[]> {
  const directives = headers.get('content-security-policy')!.split('; ');
  return Object.fromEntries(
    directives.map((text) => text.split(' ')).map(([name, ...sources]) => [name, sources]),
  );
}

function editor(page: Page) {
  return page.locator('.graphiql-query-editor .monaco-editor .view-lines');
}

function run(page: Page): Promise<void> {
  return page.getByRole('button', { name: 'Execute query' }).click();
}

/** Enters the token into the page's initial headers. */
async function typeToken(page: Page): Promise<void> {
  await page.locator('.graphiql-editor-tool .monaco-editor:visible').click();
  await page.keyboard.press('Control+End');
  // Moves from behind the last bracket to before the last quote.
  for (const key of ['ArrowUp', 'End', 'ArrowLeft']) await page.keyboard.press(key);
  await page.keyboard.type(TOKEN);
}

function answerShows(page: Page, text: string): Promise<void> {
  return answerHas(page, text).waitFor();
}

/** The result editor renders non-breaking spaces. */
function answerHas(page: Page, text: string): Locator {
  return page
    .locator('.graphiql-response .view-line')
    .filter({ hasText: new RegExp(text.replaceAll(' ', '\\s')) })
    .first();
}

/** Saves a picture for the documentation if EXPLORER_PICTURE names a file. */
async function keepPicture(page: Page): Promise<void> {
  const path = process.env['EXPLORER_PICTURE'];
  if (path !== undefined) await page.screenshot({ path });
}

/** Run in the page. */
const fetchElsewhere = `fetch('https://elsewhere.example/').then(() => 'sent', () => 'blocked')`;
/** The browser's messages: one about the policy, one about the request. */
const refusedFetch = [
  expect.stringContaining('directive: "connect-src \'self\'"'),
  expect.stringContaining('Refused to connect'),
];
const addInlineScript = `document.head.append(
  Object.assign(document.createElement('script'), { textContent: 'window.inlineRan = true' }),
)`;

interface StandIn {
  contentType: string;
  body: string;
}

const anything: StandIn = { contentType: 'text/plain', body: '' };

/** Replaces Apollo's hosts: a script that does the same as Sandbox's. */
const apolloStandIns: Record<string, StandIn> = {
  'embeddable-sandbox.cdn.apollographql.com': {
    contentType: 'text/javascript',
    body: `window.EmbeddedSandbox = class {
      constructor({ target, initialState, initialEndpoint }) {
        const frame = document.createElement('iframe');
        frame.src = 'https://sandbox.embed.apollographql.com/sandbox/explorer';
        document.querySelector(target).append(frame);
        show('example', initialState.document);
        fetch(initialEndpoint, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ query: '{ __typename }' }),
        }).then(async (answer) => show('answer', (await answer.text()).trim()));
      }
    };
    const show = (id, textContent) =>
      document.body.append(Object.assign(document.createElement('pre'), { id, textContent }));`,
  },
  'sandbox.embed.apollographql.com': { contentType: 'text/html', body: 'Sandbox' },
  'fonts.googleapis.com': {
    contentType: 'text/css',
    body: '@font-face { font-family: "Source Sans Pro"; src: url(https://fonts.gstatic.com/font.woff2); } body { font-family: "Source Sans Pro"; }',
  },
  'fonts.gstatic.com': anything,
  'apollo-server-landing-page.cdn.apollographql.com': anything,
};
