// npm start: builds, then opens VS Code with the extension and a running cluster. A desktop VS Code where one is
// installed and can show a window, else code-server in a browser, else the cluster alone in this terminal.

import { spawn, spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from '../test/support/tools.ts';
import { build } from './build.ts';
import { launchBrowser } from './support/browser.ts';
import { CodeServer, installCodeServer, writeQuietSettings } from './support/code-server.ts';
import { root } from './support/paths.ts';
import { run } from './support/run.ts';

/** Tells the extension to start the cluster when it is activated. */
const autostart = { SAMSA_AUTOSTART: '1' };

/** Kept between starts: the cluster's data and the window's state. */
const home = join(root, '.vscode-test', 'home');
const workspace = join(home, 'workspace');

const isWindows = process.platform === 'win32';

function hasDisplay(): boolean {
  if (process.platform !== 'linux') return true;
  return process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;
}

/** The command of a desktop VS Code. Inside a remote VS Code's terminal `code` cannot load an extension from here. */
function findDesktop(): string | undefined {
  if (!hasDisplay() || process.env['VSCODE_IPC_HOOK_CLI'] !== undefined) return undefined;
  return ['code', 'code-insiders', 'codium'].find(
    (command) => spawnSync(command, ['--version'], { shell: isWindows, timeout: 20_000 }).status === 0,
  );
}

async function openDesktop(command: string): Promise<boolean> {
  const userData = join(home, 'user-data');
  await writeQuietSettings(userData);
  const args = [
    ...['--new-window', `--extensionDevelopmentPath=${root}`, '--user-data-dir', userData],
    ...['--extensions-dir', join(home, 'extensions'), '--disable-workspace-trust', '--skip-welcome'],
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    workspace,
  ];
  const env = { ...process.env, ...autostart };
  const quote = (text: string): string => (isWindows ? `"${text}"` : text);
  const child = spawn(command, args.map(quote), { env, shell: isWindows, stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('exit', resolve);
  });
  return code === 0;
}

/** Opens the page in this machine's browser. False when there is none to open. */
async function openBrowser(url: string): Promise<boolean> {
  if (!hasDisplay()) return false;
  const [command, args] = process.platform === 'darwin' ? (['open', [url]] as const) : (['xdg-open', [url]] as const);
  return run(command, args).then(
    ({ code }) => code === 0,
    () => false,
  );
}

async function openCodeServer(): Promise<void> {
  await using server = await CodeServer.start({
    workspace,
    home,
    extension: { folder: root },
    env: autostart,
    preferredPort: 9180,
  });
  console.log(`\nVS Code is at ${server.url()}`);
  let shown: AsyncDisposable | undefined;
  if (await openBrowser(server.url())) console.log('It was opened in your browser.');
  else if (chromium === undefined) console.log('Open that address; the cluster starts with the first window.');
  else {
    shown = await openHeadless(server.url());
    console.log(
      'There is no display, so a headless Chromium holds the first window. Open the address for one of yours.',
    );
  }
  console.log('Ctrl+C stops VS Code and the cluster.');
  await Promise.race([server.ended(), interrupted()]);
  await shown?.[Symbol.asyncDispose]();
}

async function openHeadless(url: string): Promise<AsyncDisposable> {
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(url);
  return { [Symbol.asyncDispose]: () => browser.close() };
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    // A terminal and npm both pass Ctrl+C on, so that it may arrive twice.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

/** The cluster without an editor, until Ctrl+C. */
async function runInTerminal(): Promise<number> {
  const child = spawn(process.execPath, [join(root, 'dist', 'cli.cjs'), 'start'], { stdio: 'inherit' });
  let isStopping = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!isStopping) child.kill('SIGTERM');
      isStopping = true;
    });
  }
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}

async function start(): Promise<number> {
  await build();
  await mkdir(workspace, { recursive: true });
  const desktop = findDesktop();
  if (desktop !== undefined && (await openDesktop(desktop))) {
    console.log('VS Code opens with Samsa and a cluster. Closing its window stops the cluster.');
    return 0;
  }
  const reason = await installCodeServer().then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (reason === undefined) {
    await openCodeServer();
    return 0;
  }
  console.log(`No desktop VS Code found, and code-server cannot be had: ${reason}`);
  console.log('The cluster runs in this terminal instead. Ctrl+C stops it.');
  return runInTerminal();
}

process.exitCode = await start().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
