import type { Browser, Page } from 'playwright-core';
import { readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { root } from '../../../scripts/support/paths.ts';
import { answer } from '../../../extension/shared/view-channel.ts';
import type { EventName, Handlers, ViewContract } from '../../../extension/shared/view-channel.ts';
import { viewPage } from '../../../extension/views/view-page.ts';
import { themeClass, themeStyles } from './themes.ts';
import type { ThemeName } from './themes.ts';

const ORIGIN = 'https://views.samsa.test';
/** Another build's views may be looked at instead. */
const BUNDLES = process.env.SAMSA_VIEWS ?? join(root, 'dist', 'webview');
const NONCE = 'bm9uY2Utb2YtdGhlLXRlc3Q';

export interface OpenViewOptions<C extends ViewContract> {
  /** Folder of webview/, and so the bundle. */
  readonly view: string;
  readonly handlers: Handlers<C>;
  /** Where the bundles are; `dist/webview` by default. */
  readonly bundles?: string;
  readonly theme?: ThemeName;
  readonly state?: object;
  readonly width?: number;
  readonly height?: number;
}

export interface OpenView<C extends ViewContract> {
  readonly page: Page;
  /** Violations of the content security policy, script errors and console errors so far. */
  readonly problems: readonly string[];
  send<K extends EventName<C>>(event: K, data: C['events'][K]): Promise<void>;
  /** What the view keeps over a reload. */
  kept(): Promise<unknown>;
}

/**
 * Opens a view's bundle in a page like the one VS Code makes for it, same policy and theme variables, with a host that
 * runs here. Nothing of VS Code is needed.
 */
export async function openView<C extends ViewContract>(
  browser: Browser,
  options: OpenViewOptions<C>,
): Promise<OpenView<C>> {
  const { view, handlers, theme = 'dark', width = 1200, height = 480, bundles = BUNDLES } = options;
  // Axe needs a page of a context that it can make others in.
  const context = await browser.newContext({ viewport: { width, height } });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.exposeFunction('samsaPost', async (text: string) => {
    const reply = await answer(handlers, JSON.parse(text));
    if (reply !== undefined) await deliver(page, reply);
  });
  await page.addInitScript(installApi);
  const html = viewPage({
    element: `samsa-${view}`,
    title: view,
    scriptUri: `${ORIGIN}/${view}.js`,
    codiconUri: `${ORIGIN}/codicon.css`,
    cspSource: ORIGIN,
    nonce: NONCE,
    state: options.state ?? {},
  })
    .replace('</head>', `<style nonce="${NONCE}">${themeStyles(theme)}</style></head>`)
    .replace('<body>', `<body class="${themeClass(theme)}">`);
  await page.route(`${ORIGIN}/**`, async (route) => {
    const path = new URL(route.request().url()).pathname;
    if (path === '/') return await route.fulfill({ contentType: 'text/html', body: html });
    const types: Readonly<Record<string, string>> = {
      '.js': 'text/javascript',
      '.css': 'text/css',
      '.ttf': 'font/ttf',
    };
    const body = await readFile(join(bundles, basename(path)));
    return await route.fulfill({ contentType: types[extname(path)] ?? 'text/plain', body });
  });
  await page.goto(`${ORIGIN}/`);
  return {
    page,
    problems,
    send: (event, data) => deliver(page, { kind: 'event', event, data }),
    kept: () => page.evaluate(() => (globalThis as unknown as { samsaKept: unknown }).samsaKept),
  };
}

async function deliver(page: Page, message: unknown): Promise<void> {
  const text = JSON.stringify(message, (_key, value: unknown) =>
    value instanceof Uint8Array ? { $bytes: Buffer.from(value).toString('base64') } : value,
  );
  if (page.isClosed()) return;
  await page.evaluate(
    (json) => (globalThis as unknown as { samsaDeliver(json: string): void }).samsaDeliver(json),
    text,
  );
}

/** Runs in the page: VS Code's API, with bytes carried as base64 over the bridge. */
function installApi(): void {
  const scope = globalThis as unknown as EventTarget & Record<string, unknown>;
  let kept: unknown;
  scope.acquireVsCodeApi = () => ({
    postMessage: (message: unknown) => {
      void (scope.samsaPost as (text: string) => Promise<void>)(JSON.stringify(message));
    },
    getState: () => kept,
    setState: (state: unknown) => {
      kept = state;
      scope.samsaKept = state;
    },
  });
  scope.samsaDeliver = (json: string) => {
    const data: unknown = JSON.parse(json, (_key, value: unknown) => {
      if (typeof value !== 'object' || value === null || !('$bytes' in value)) return value;
      const binary = atob(String(value.$bytes));
      return Uint8Array.from(binary, (character) => character.charCodeAt(0));
    });
    scope.dispatchEvent(new MessageEvent('message', { data }));
  };
}
