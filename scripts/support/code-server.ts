// code-server: a complete VS Code server with its workbench for browsers, from npm. It serves the extension where no
// desktop VS Code can be had, to people (`npm start`) and to tests.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atExit } from './at-exit.ts';
import { runNpm } from './npm.ts';
import { root } from './paths.ts';
import { run } from './run.ts';

/** Carries VS Code 1.139.1. */
export const codeServerVersion = '4.139.1';

const home = join(root, '.vscode-test', `code-server-${codeServerVersion}`);
const stamp = join(home, 'complete');
const program = join(home, 'node_modules', 'code-server');

/** What the server itself needs and neither people nor tests do, 192 MB. */
const unneeded = ['@github', '@microsoft/mxc-sdk'];

export function isCodeServerInstalled(): boolean {
  return existsSync(stamp);
}

/** Installs code-server into .vscode-test/ once. Rejects with npm's words when the registry cannot be reached. */
export async function installCodeServer(): Promise<void> {
  if (isCodeServerInstalled()) return;
  console.log(`Installing code-server ${codeServerVersion} into .vscode-test/ (once, about half a minute) …`);
  const staging = `${home}.${process.pid}`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  const manifest = { private: true, dependencies: { 'code-server': codeServerVersion } };
  await writeFile(join(staging, 'package.json'), JSON.stringify(manifest));
  const server = join(staging, 'node_modules', 'code-server', 'lib', 'vscode');
  // npm's own patience would leave people without a network waiting for minutes.
  const retries = ['--fetch-retries=2', '--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000'];
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...retries];
  for (const [args, cwd] of [
    [['install', ...flags], staging],
    [['install', '--omit=dev', ...flags], server],
  ] as const) {
    const { code, output } = await runNpm(args, cwd);
    if (code !== 0) {
      await rm(staging, { recursive: true, force: true });
      throw new Error(`npm could not install code-server (${reasonOf(output)})`);
    }
  }
  await Promise.all(unneeded.map((name) => rm(join(server, 'node_modules', name), { recursive: true, force: true })));
  await writeFile(join(staging, 'complete'), '');
  await rm(home, { recursive: true, force: true });
  await rename(staging, home);
}

/** The line of npm's many that says what went wrong. */
function reasonOf(output: string): string {
  const lines = output.split('\n').map((line) => line.replace(/^npm error\s*/, '').trim());
  return (
    lines.find((line) => /reason: |\b[45]\d\d\b|No space|permission denied/i.test(line)) ?? lines.slice(0, 5).join(' ')
  );
}

export interface CodeServerOptions {
  /** Folder or .code-workspace that is opened; absolute. */
  readonly workspace: string;
  /** Unpacked extension folder that is copied into the server's extensions, or a .vsix that is installed. */
  readonly extension?: { readonly folder: string } | { readonly vsix: string };
  /** Keeps its user data here, so that they outlive it. A temporary folder by default. */
  readonly home?: string;
  /** Taken when it is free, so that a browser knows the window again; any free one otherwise. */
  readonly preferredPort?: number;
  /** Lets a page load an extension under development and run its tests by `payload`. */
  readonly testDriver?: boolean;
  /** User settings beside the quiet ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: NodeJS.ProcessEnv;
}

/** What a first start would put in the way. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'extensions.autoUpdate': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'security.workspace.trust.enabled': false,
};

/** A running code-server, bound to 127.0.0.1. */
export class CodeServer implements AsyncDisposable {
  readonly port: number;
  readonly workspace: string;
  /** Folder with user data, extensions and server.log. */
  readonly home: string;
  readonly #process: ChildProcess;
  readonly #temporary: string;

  private constructor(child: ChildProcess, port: number, workspace: string, serverHome: string, temporary: string) {
    this.#process = child;
    this.port = port;
    this.workspace = workspace;
    this.home = serverHome;
    this.#temporary = temporary;
  }

  /** Address of the workbench with a folder open; `payload` is for an extension under development. */
  url(payload: readonly (readonly [string, string])[] = [], folder = this.workspace): string {
    const query = new URLSearchParams({ folder });
    if (payload.length > 0) query.set('payload', JSON.stringify(payload));
    return `http://127.0.0.1:${this.port}/?${query.toString()}`;
  }

  /** An absolute path as the workbench addresses it, for `payload`. */
  remoteUri(path: string): string {
    return `vscode-remote://127.0.0.1:${this.port}${path}`;
  }

  static async start(options: CodeServerOptions): Promise<CodeServer> {
    await installCodeServer();
    // Sockets live below it, and their paths may have 107 bytes.
    const temporary = await mkdtemp(join(tmpdir(), 'samsa-cs-'));
    const serverHome = options.home ?? temporary;
    const env = environment(serverHome, temporary, options.env);
    await prepareHome(serverHome, temporary);
    await writeQuietSettings(join(serverHome, 'user-data'), options.settings);
    await writeMachineSettings(join(serverHome, 'user-data'), options.settings);
    if (options.extension !== undefined) await addExtension(serverHome, options.extension, env);
    const port = (await listenOnce(options.preferredPort ?? 0)) ?? (await listenOnce(0)) ?? 0;
    const log = openSync(join(serverHome, 'server.log'), 'w');
    const child = spawn(process.execPath, [...serverArguments(serverHome, port, options.testDriver ?? false)], {
      env,
      cwd: serverHome,
      detached: true,
      stdio: ['ignore', log, log],
    });
    const server = new CodeServer(child, port, options.workspace, serverHome, temporary);
    running.add(server);
    try {
      await server.#healthy();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  async #healthy(): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (performance.now() < deadline && this.#process.exitCode === null) {
      const response = await fetch(`http://127.0.0.1:${this.port}/healthz`).catch(() => undefined);
      if (response?.ok === true) return;
      await delay(50);
    }
    const log = await readFile(join(this.home, 'server.log'), 'utf8').catch(() => '');
    throw new Error(`code-server did not come up on port ${this.port}:\n${log.slice(-4000)}`);
  }

  /** Resolves when the server has ended, by itself or by `stop`. */
  ended(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => this.#process.once('exit', () => resolve()));
  }

  /** Ends the server with its extension hosts and removes its temporary folder. */
  async stop(): Promise<void> {
    const late = AbortSignal.timeout(8000);
    this.#signal('SIGTERM');
    const killed = delay(8000, undefined, { ref: false }).then(() => this.#signal('SIGKILL'));
    await Promise.race([this.ended(), killed]);
    if (!late.aborted) this.#signal('SIGKILL');
    running.delete(this);
    await rm(this.#temporary, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  killNow(): void {
    this.#signal('SIGKILL');
  }

  /** To the whole group: the server's children are its own. */
  #signal(signal: NodeJS.Signals): void {
    try {
      if (this.#process.pid !== undefined) process.kill(-this.#process.pid, signal);
    } catch {
      // The group is gone.
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

const running = new Set<CodeServer>();

atExit(() => {
  for (const server of running) server.killNow();
});

function serverArguments(serverHome: string, port: number, testDriver: boolean): string[] {
  return [
    join(program, 'out', 'node', 'entry.js'),
    ...['--config', join(serverHome, 'config.yaml'), '--bind-addr', `127.0.0.1:${port}`, '--auth', 'none'],
    ...['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'],
    ...['--disable-getting-started-override', '--disable-proxy', '--ignore-last-opened'],
    ...folders(serverHome),
    ...(testDriver ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
  ];
}

function folders(serverHome: string): string[] {
  return ['--user-data-dir', join(serverHome, 'user-data'), '--extensions-dir', join(serverHome, 'extensions')];
}

function environment(serverHome: string, temporary: string, more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...more,
    EXTENSIONS_GALLERY: '{}',
    TMPDIR: join(temporary, 'tmp'),
    XDG_RUNTIME_DIR: join(temporary, 'run'),
    XDG_CONFIG_HOME: join(serverHome, 'xdg'),
    XDG_DATA_HOME: join(serverHome, 'xdg'),
    XDG_CACHE_HOME: join(serverHome, 'xdg'),
  };
  delete env['PORT'];
  delete env['PASSWORD'];
  return env;
}

async function prepareHome(serverHome: string, temporary: string): Promise<void> {
  const made = [join(serverHome, 'extensions'), join(serverHome, 'xdg'), join(temporary, 'tmp')];
  await Promise.all(made.map((path) => mkdir(path, { recursive: true })));
  await mkdir(join(temporary, 'run'), { recursive: true, mode: 0o700 });
  await writeFile(join(serverHome, 'config.yaml'), '');
}

/** Adds what keeps a first start quiet to the user settings of a profile; what is set there already stays. */
export async function writeQuietSettings(
  userData: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const file = join(userData, 'User', 'settings.json');
  await mkdir(join(userData, 'User'), { recursive: true });
  const kept = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as object,
    () => ({}),
  );
  await writeFile(file, JSON.stringify({ ...quietSettings, ...kept, ...more }, undefined, 2));
}

/** A workbench in a browser takes settings of the machine's scope (where a cluster runs, say) from another file. */
async function writeMachineSettings(userData: string, settings: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const own = Object.entries(settings).filter(([name]) => name.startsWith('samsa.'));
  await mkdir(join(userData, 'Machine'), { recursive: true });
  await writeFile(join(userData, 'Machine', 'settings.json'), JSON.stringify(Object.fromEntries(own), undefined, 2));
}

async function addExtension(
  serverHome: string,
  extension: NonNullable<CodeServerOptions['extension']>,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  if ('vsix' in extension) {
    const entry = join(program, 'out', 'node', 'entry.js');
    const args = [entry, ...folders(serverHome), '--config', join(serverHome, 'config.yaml')];
    const { code, output } = await run(process.execPath, [...args, '--install-extension', extension.vsix], { env });
    if (code !== 0) throw new Error(`code-server could not install ${extension.vsix}:\n${output}`);
    return;
  }
  const to = join(serverHome, 'extensions', 'samsa.samsa-0.0.0');
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  for (const part of ['package.json', 'package.nls.json', 'dist', 'media', 'README.md', 'LICENSE']) {
    const from = join(extension.folder, part);
    if (existsSync(from)) await cp(from, join(to, part), { recursive: true });
  }
}

/** The port when it can be listened on; a free one for 0. */
function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const { port: taken } = server.address() as AddressInfo;
      server.close(() => resolve(taken));
    });
  });
}
