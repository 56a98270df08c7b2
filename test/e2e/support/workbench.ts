import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Browser, FrameLocator, Locator, Page } from 'playwright-core';
import { launchBrowser } from '../../../scripts/support/browser.ts';
import { CodeServer } from '../../../scripts/support/code-server.ts';
import type { CodeServerOptions } from '../../../scripts/support/code-server.ts';
import { root } from '../../../scripts/support/paths.ts';
import { until } from '../../support/until.ts';

const screenshots = join(root, 'test', 'e2e', 'screenshots');

export interface WorkbenchOptions {
  /** What is installed: the built folder (the default), or a package. */
  readonly extension?: { readonly folder: string } | { readonly vsix: string };
  /** User settings, such as `{ 'samsa.cluster.port': 19092 }`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Files of the opened folder: path → text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly width?: number;
  readonly height?: number;
}

/** A VS Code workbench in a headless browser, with the extension installed: what a person can see and do in it. */
export class Workbench implements AsyncDisposable {
  readonly page: Page;
  readonly server: CodeServer;
  readonly folder: string;
  /** Errors that the page, its frames or its workers logged. */
  readonly consoleErrors: string[] = [];
  readonly #browser: Browser;

  private constructor(page: Page, server: CodeServer, folder: string, browser: Browser) {
    this.page = page;
    this.server = server;
    this.folder = folder;
    this.#browser = browser;
    page.on('console', (message) => {
      if (message.type() === 'error') this.consoleErrors.push(message.text());
    });
  }

  /** Resolves when the workbench shows and its extension host runs. */
  static async open(options: WorkbenchOptions = {}): Promise<Workbench> {
    const folder = await mkdtemp(join(tmpdir(), 'samsa-work-'));
    for (const [path, text] of Object.entries(options.files ?? { 'readme.txt': 'A folder.\n' })) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    }
    const extension: CodeServerOptions['extension'] = options.extension ?? { folder: root };
    const server = await CodeServer.start({
      workspace: folder,
      extension,
      settings: { 'window.commandCenter': false, ...options.settings },
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    const browser = await launchBrowser();
    const viewport = { width: options.width ?? 1440, height: options.height ?? 900 };
    const context = await browser.newContext({ viewport, permissions: ['clipboard-read', 'clipboard-write'] });
    await context.addInitScript(holdBackServerWorker);
    const page = await context.newPage();
    const workbench = new Workbench(page, server, folder, browser);
    await workbench.load();
    return workbench;
  }

  /** Opens another window of the same VS Code on another folder, which ends with this one. */
  async openWindow(): Promise<Workbench> {
    const folder = join(this.folder, 'second');
    await mkdir(folder, { recursive: true });
    const page = await this.page.context().newPage();
    const workbench = new Workbench(page, this.server, folder, this.#browser);
    await workbench.load();
    return workbench;
  }

  /** Opens (or, as after a window's reload, opens again) the workbench. */
  async load(): Promise<void> {
    await this.page.goto(this.server.url([], this.folder));
    await this.page.locator('.monaco-workbench .activitybar').waitFor({ timeout: 60_000 });
    await this.page.locator('.statusbar-item').first().waitFor();
  }

  /** Runs a command by its title in the palette, such as `Samsa: Start Cluster`. */
  async runCommand(title: string): Promise<void> {
    const input = this.page.locator(quickInput);
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first();
    // The palette keeps the commands that it had when it opened.
    await until(`the palette has '${title}'`, async () => {
      await this.page.keyboard.press('Escape');
      await this.#leaveWebview();
      await this.page.keyboard.press('F1');
      await input.fill(`>${title}`, { timeout: 5_000 });
      await row.click({ timeout: 3_000 });
      return true;
    });
    // The command may ask with the same box: it is the command's once the palette's prefix has gone.
    await until(
      'the palette closes',
      async () => !(await input.isVisible()) || !(await input.inputValue()).startsWith('>'),
    );
  }

  /** Answers an input box, once it is the one whose prompt starts so. */
  async answer(prompt: string, text: string): Promise<void> {
    await this.waitForPrompt(prompt);
    await this.page.locator(quickInput).fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Chooses an item of the open pick list. */
  async pick(label: string): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: label }).first();
    await row.waitFor();
    await row.click();
  }

  /** Waits for what the open input box says below its field: its prompt, or why an answer will not do. */
  async waitForPrompt(text: string): Promise<void> {
    await this.page.locator('.quick-input-message', { hasText: text }).waitFor();
  }

  /** Shows a view container by its name in the activity bar. */
  async openContainer(name: string): Promise<void> {
    const icon = this.page.locator(`.activitybar [aria-label^="${name}"]`).first();
    await icon.waitFor({ timeout: 60_000 });
    const isOpen = await icon.evaluate((node) => node.closest('.action-item')?.classList.contains('checked') === true);
    if (!isOpen) await icon.click();
  }

  /** The tree row whose label starts with `text`. */
  row(text: string): Locator {
    return this.page
      .locator('.pane-body .monaco-list-row')
      .filter({ has: this.page.locator('.label-name', { hasText: startingWith(text) }) })
      .first();
  }

  /** Labels with descriptions of all visible tree rows, in order. */
  rows(): Promise<string[]> {
    return this.page
      .locator('.pane-body .monaco-list-row')
      .evaluateAll((rows) => rows.map((row) => (row.getAttribute('aria-label') ?? row.textContent ?? '').trim()));
  }

  /** Unfolds a row unless it is. The tree may be redrawn between a look and a click. */
  async expand(text: string): Promise<void> {
    const row = this.row(text);
    await row.waitFor({ timeout: 30_000 });
    const isUnfolded = async (): Promise<boolean> => (await row.getAttribute('aria-expanded')) === 'true';
    await until(
      `'${text}' unfolds`,
      async () => {
        if (!(await isUnfolded())) await row.locator('.monaco-tl-twistie').click({ timeout: 5000 });
        return isUnfolded();
      },
      { intervalMs: 500 },
    );
  }

  /** Chooses an entry of a row's context menu. A menu takes no click in the first moment that it shows. */
  async contextMenu(rowText: string, entry: string): Promise<void> {
    await this.row(rowText).click({ button: 'right' });
    const item = this.page.locator('.monaco-menu .action-label', { hasText: entry }).first();
    await item.waitFor();
    await until(`'${entry}' is chosen`, async () => {
      await item.click({ timeout: 1000 }).catch(() => undefined);
      return !(await item.isVisible());
    });
  }

  /** Clicks an icon that shows on a row when the mouse is over it. */
  async rowAction(rowText: string, action: string): Promise<void> {
    const row = this.row(rowText);
    await row.hover();
    await row.locator(`.action-label[aria-label^="${action}"]`).first().click();
  }

  /** Opens a file by its path in the folder, or by an absolute one. */
  async openFile(path: string): Promise<void> {
    await this.#leaveWebview();
    await this.page.keyboard.press('Control+P');
    const input = this.page.locator(quickInput);
    await input.waitFor();
    await input.fill(path);
    await this.page
      .locator('.quick-input-list .monaco-list-row', { hasText: basename(path) })
      .first()
      .click();
  }

  /** Keys that a webview has the focus for reach the workbench late or never. */
  async #leaveWebview(): Promise<void> {
    await this.page.locator('iframe:focus').evaluateAll((frames) => frames.forEach((frame) => frame.blur()));
  }

  /** Content of the webview that shows; of the n-th when several do. */
  webview(index = 0): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready:visible').nth(index).frameLocator('#active-frame');
  }

  /** An editor tab by its label. */
  tab(label: string): Locator {
    return this.page.locator('.tabs-container .tab', { hasText: label }).first();
  }

  /** A notification that contains `text`. */
  notification(text: string): Locator {
    return this.page.locator('.notification-list-item', { hasText: text }).first();
  }

  /** A status-bar item that contains `text`. */
  statusItem(text: string): Locator {
    return this.page.locator('.statusbar-item', { hasText: text }).first();
  }

  /** Takes all notifications away. */
  async clearNotifications(): Promise<void> {
    await this.runCommand('Notifications: Clear All Notifications');
    await this.page.locator('.notification-toast').first().waitFor({ state: 'detached' });
  }

  /** Answers a modal dialog. */
  async confirm(button: string): Promise<void> {
    await this.page.locator('.monaco-dialog-box .monaco-button', { hasText: button }).first().click();
  }

  /** Saves what is on screen as test/e2e/screenshots/<name>.png. */
  async screenshot(name: string): Promise<void> {
    await mkdir(screenshots, { recursive: true });
    await this.page.mouse.move(0, 0);
    await this.page.screenshot({ path: join(screenshots, `${name}.png`), animations: 'disabled', caret: 'hide' });
  }

  /** Saves what is on screen as out/e2e/<name>.png, for whoever looks into a failure. */
  async recordFailure(name: string): Promise<void> {
    const path = join(root, 'out', 'e2e', `${name.replaceAll(/[^\w]+/g, '-')}.png`);
    await mkdir(dirname(path), { recursive: true });
    await this.page.screenshot({ path });
    console.log(`On screen: ${path}`);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.server.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function startingWith(text: string): RegExp {
  return new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`);
}

const quickInput = '.quick-input-widget input[type=text]';

/** code-server's own worker, which only makes it installable, would delay the first webview of a fresh profile. */
function holdBackServerWorker(): void {
  const { serviceWorker } = globalThis.navigator as unknown as {
    serviceWorker?: { register: (url: string | URL, options?: unknown) => Promise<unknown> };
  };
  if (globalThis !== (globalThis as unknown as { top: unknown }).top || serviceWorker === undefined) return;
  const register = serviceWorker.register.bind(serviceWorker);
  serviceWorker.register = (url, options) =>
    String(url).includes('/_static/') ? new Promise(() => undefined) : register(url, options);
}
