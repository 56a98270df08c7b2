import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { build as esbuild } from 'esbuild';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from '../../test/support/tools.ts';
import { launchBrowser } from './browser.ts';
import { CodeServer, installCodeServer } from './code-server.ts';
import { root } from './paths.ts';
import { add, lack, nothing } from './totals.ts';
import type { Totals } from './totals.ts';

const suiteTimeoutMs = 300_000;

const entry = join(root, 'out', 'vscode', 'run-suite.cjs');

/** A host could not be had on this machine; the message says why. */
class Unavailable extends Error {}

/** Bundles test/vscode/ to out/vscode/, one file per suite. Mocha stays outside, so that all share one. */
async function bundleSuites(): Promise<void> {
  await rm(join(root, 'out', 'vscode'), { recursive: true, force: true });
  const suites = globSync('test/vscode/suite/*.test.ts', { cwd: root });
  const mocha = join(root, 'node_modules', 'mocha', 'lib', 'mocha.cjs');
  await esbuild({
    absWorkingDir: root,
    entryPoints: {
      'run-suite': 'test/vscode/support/run-suite.ts',
      ...Object.fromEntries(suites.map((path) => [`suite/${basename(path, '.ts')}`, path])),
    },
    outdir: join(root, 'out', 'vscode'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    alias: { mocha },
    external: ['vscode', mocha],
    sourcemap: 'inline',
    // Suites that import sources leave finding files beside these to the extension itself.
    logOverride: { 'empty-import-meta': 'silent' },
    logLevel: 'warning',
  });
}

interface Session {
  /** The folder that the window opens. */
  readonly workspace: string;
  readonly env: Record<string, string>;
}

/** The folder holds what users have: a text file named as logs are. */
async function makeWorkspace(folder: string): Promise<string> {
  const workspace = join(folder, 'workspace');
  await mkdir(workspace, { recursive: true });
  await writeFile(join(workspace, 'app.log'), 'started\nstopped\n');
  return workspace;
}

/** Runs the suite in one host, showing its report as it grows. */
async function runIn(host: string, start: (session: Session) => Promise<void>): Promise<Totals> {
  const folder = await mkdtemp(join(tmpdir(), 'samsa-host-'));
  const report = join(folder, 'report.txt');
  const ended = new AbortController();
  const shown = followReport(report, ended.signal);
  let problem: unknown;
  try {
    await start({
      workspace: await makeWorkspace(folder),
      env: { SAMSA_TEST_REPORT: report, SAMSA_TEST_HOST: host },
    });
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    problem = error;
  } finally {
    ended.abort();
    await shown;
  }
  const totals = await readTotals(report);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  if (totals !== undefined && (problem === undefined || totals.failed > 0)) return totals;
  console.log(`  ${host}: ${problem instanceof Error ? problem.message : 'the suite ended without totals'}`);
  return add(totals ?? nothing, { ...nothing, failed: 1 });
}

async function followReport(path: string, ended: AbortSignal): Promise<void> {
  let shownChars = 0;
  for (let isLast = false; ; isLast = ended.aborted) {
    const text = await readFile(path, 'utf8').catch(() => '');
    const fresh = text.slice(shownChars);
    shownChars = text.length;
    const lines = fresh.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    if (lines.length > 0) console.log(lines.join('\n'));
    if (isLast) return;
    await delay(200, undefined, { signal: ended }).catch(() => undefined);
  }
}

async function readTotals(path: string): Promise<Totals | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const last = text.trimEnd().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? (JSON.parse(last) as Totals) : undefined;
}

/** A desktop VS Code, downloaded once into .vscode-test/. */
async function inDesktop({ workspace, env }: Session): Promise<void> {
  const vscodeExecutablePath = await downloadAndUnzipVSCode({
    version: 'stable',
    cachePath: join(root, '.vscode-test'),
    timeout: 15_000,
  }).catch((error: unknown) => {
    throw new Unavailable(`VS Code cannot be downloaded (${error instanceof Error ? error.message : String(error)})`);
  });
  await using display = await openDisplay();
  const folder = join(workspace, '..');
  await runTests({
    vscodeExecutablePath,
    extensionDevelopmentPath: root,
    extensionTestsPath: entry,
    extensionTestsEnv: { ...env, ...display.env },
    launchArgs: [
      workspace,
      ...['--user-data-dir', join(folder, 'user-data'), '--extensions-dir', join(folder, 'extensions')],
      ...['--disable-workspace-trust', '--disable-gpu', '--disable-updates', '--skip-welcome', '--no-sandbox'],
    ],
  });
}

interface Display extends AsyncDisposable {
  readonly env: Record<string, string>;
}

/** The screen that is there, or a virtual one. */
async function openDisplay(): Promise<Display> {
  const none = { env: {}, [Symbol.asyncDispose]: () => Promise.resolve() };
  if (process.platform !== 'linux') return none;
  if (process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined) return none;
  if (spawnSync('Xvfb', ['-help']).error !== undefined) {
    throw new Unavailable('a desktop VS Code needs a display, and Xvfb is not installed');
  }
  const server = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1280x900x24'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const number = await new Promise<string>((resolve, reject) => {
    server.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()));
    server.once('exit', () => reject(new Unavailable('Xvfb does not start')));
  });
  return {
    env: { DISPLAY: `:${number}` },
    [Symbol.asyncDispose]: () => {
      server.removeAllListeners('exit').kill();
      return Promise.resolve();
    },
  };
}

/** code-server, its workbench open in a headless Chromium. */
async function inCodeServer({ workspace, env }: Session): Promise<void> {
  if (chromium === undefined) throw new Unavailable('Chromium is missing (apt-get install chromium)');
  await installCodeServer().catch((error: unknown) => {
    throw new Unavailable(error instanceof Error ? error.message : String(error));
  });
  await using server = await CodeServer.start({ workspace, env, testDriver: true });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const finished = new Promise<{ code: number; logs: unknown }>((resolve) => {
      void page.exposeFunction('codeAutomationExit', (code: number, logs: unknown) => resolve({ code, logs }));
    });
    await page.exposeFunction('codeAutomationLog', () => undefined);
    const payload = [
      ['extensionDevelopmentPath', server.remoteUri(root)],
      ['extensionTestsPath', server.remoteUri(entry)],
    ] as const;
    await page.goto(server.url(payload));
    const late = delay(suiteTimeoutMs, undefined, { ref: false }).then(() => {
      throw new Error(`the suite did not end within ${suiteTimeoutMs / 1000} s`);
    });
    const { code } = await Promise.race([finished, late]);
    if (code !== 0) throw new Error(`the suite ended with code ${code}`);
  } finally {
    await browser.close();
  }
}

/**
 * Runs the extension-host suite in each host that this machine can have. One of the two is enough; with none the suite
 * counts as skipped, with CI=true as failed.
 */
export async function runExtensionHostSuite(): Promise<Totals> {
  if (!existsSync(join(root, 'dist', 'extension.cjs'))) throw new Error('dist/extension.cjs is missing: npm run build');
  await bundleSuites();
  let sum = nothing;
  const lacking: string[] = [];
  for (const [host, start] of [
    ['desktop VS Code', inDesktop],
    ['code-server', inCodeServer],
  ] as const) {
    console.log(`\n${host}`);
    try {
      sum = add(sum, await runIn(host, start));
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      console.log(`  skipped: ${error.message}`);
      lacking.push(`${host}: ${error.message}`);
    }
  }
  if (lacking.length === 2) return lack(lacking.join('; '));
  return { ...sum, notes: lacking.map((reason) => `not run, as the other host was: ${reason}`) };
}
