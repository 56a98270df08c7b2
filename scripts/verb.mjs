// Runs one of the repository's verbs: `node scripts/verb.mjs <verb> [arguments]`.
//
// This file is plain JavaScript without dependencies, because it runs before anything is installed and on any Node from
// 20 on. It installs what the lock file asks for, finds a Node that runs TypeScript, and hands over to scripts/<verb>.ts.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [verb, ...args] = process.argv.slice(2);

/** Oldest Node that runs the repository's scripts (type stripping, zstd in node:zlib); that of VS Code 1.110. */
const neededNode = [22, 22];

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Whether node_modules holds exactly the locked versions. Optional packages of other platforms may be absent. */
function isInstalled() {
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  const present = readJson(join(root, 'node_modules', '.package-lock.json'))?.packages ?? {};
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const entry = present[path];
    return entry === undefined ? optional === true : entry.version === version;
  });
}

function install() {
  console.error('Installing what package-lock.json asks for (npm ci) …');
  const npmCli = process.env.npm_execpath;
  const isNpm = npmCli !== undefined && /npm-cli\.[cm]?js$/.test(npmCli);
  const done = isNpm
    ? spawnSync(process.execPath, [npmCli, 'ci', '--include=dev', '--include=optional'], {
        cwd: root,
        stdio: 'inherit',
      })
    : spawnSync('npm', ['ci', '--include=dev', '--include=optional'], {
        cwd: root,
        stdio: 'inherit',
        shell: process.platform === 'win32',
      });
  if (done.status !== 0) {
    console.error(`npm ci failed${done.error ? `: ${done.error.message}` : ''}. Nothing else was run.`);
    process.exit(done.status ?? 1);
  }
}

function isNewEnough(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > neededNode[0] || (major === neededNode[0] && minor >= neededNode[1]);
}

/** The Node that npm installed for this platform, else the one that runs us, when it is new enough. */
function findNode() {
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const binary = join(root, 'node_modules', `node-${os}-${process.arch}`, 'bin', os === 'win' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  if (isNewEnough(process.versions.node)) return process.execPath;
  console.error(
    `Samsa's scripts need Node ${neededNode.join('.')} or newer; this is ${process.version} and npm has no current Node ` +
      `for ${process.platform}-${process.arch}. Install one from https://nodejs.org and try again.`,
  );
  process.exit(1);
}

if (!/^[a-z-]+$/.test(verb ?? '') || !existsSync(join(root, 'scripts', `${verb}.ts`))) {
  console.error('Usage: node scripts/verb.mjs start|test|simulate|check|format|build|package|bench [arguments]');
  process.exit(2);
}

if (!isInstalled()) install();

const node = findNode();
const bin = join(root, 'node_modules', '.bin');
const path = [dirname(node), bin, process.env.PATH ?? ''].join(process.platform === 'win32' ? ';' : ':');
const child = spawn(node, [join(root, 'scripts', `${verb}.ts`), ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: path },
});
// The terminal sends Ctrl+C to the whole group; signals that were sent to this process alone are passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
  });
}
child.on('error', (error) => {
  console.error(`Cannot run ${node}: ${error.message}`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
