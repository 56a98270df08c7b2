import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jarFolder } from '../support/apache-kafka-tools.ts';
import { Child } from '../support/child.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks, python } from '../support/tools.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The README's snippets as they stand there; only the address is the test cluster's. */
describe('the snippets of README.md', () => {
  let readme: string;
  let cluster: SamsaCluster;
  let directory: TemporaryDirectory;

  beforeAll(async () => {
    readme = await readFile(`${root}README.md`, 'utf8');
    cluster = await SamsaCluster.start();
    directory = await temporaryDirectory('readme');
  });

  afterAll(async () => {
    await cluster?.stop();
    await directory?.[Symbol.asyncDispose]();
  });

  /** The first block of a language after a heading line. */
  function snippet(heading: string, language: string): string {
    const from = readme.indexOf(`**${heading}**`);
    const fence = `\`\`\`${language}\n`;
    const start = readme.indexOf(fence, from) + fence.length;
    expect(from).toBeGreaterThan(0);
    expect(start).toBeGreaterThan(from);
    const code = readme.slice(start, readme.indexOf('```', start));
    expect(code).toContain('127.0.0.1:9092');
    return code.replaceAll('127.0.0.1:9092', cluster.bootstrap);
  }

  async function run(command: string, args: readonly string[], cwd: string = directory.path): Promise<string> {
    const { code, stdout, stderr } = await new Child(command, args, { cwd }).finished;
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return stdout.trim();
  }

  it.skipIf(lacks('kcat'))('in the shell', async () => {
    expect(await run('/bin/sh', ['-e', '-c', snippet('Shell', 'sh')])).toContain('hello');
  });

  it.skipIf(lacks('python-confluent-kafka'))('in Python', async () => {
    const file = `${directory.path}/greetings.py`;
    await writeFile(file, snippet('Python', 'python'));
    expect(await run(python!, [file])).toBe('hello');
  });

  it('in JavaScript', async () => {
    // Below the repository, so that kafkajs is found.
    const folder = `${root}.cache/readme`;
    await mkdir(folder, { recursive: true });
    await writeFile(`${folder}/greetings.mjs`, snippet('JavaScript', 'js'));
    expect(await run(process.execPath, ['--no-warnings', `${folder}/greetings.mjs`])).toBe('hello');
  });

  it.skipIf(lacks('apache-kafka'))('in Java', async () => {
    const file = `${directory.path}/Greetings.java`;
    await writeFile(file, snippet('Java', 'java'));
    expect(await run('java', ['-cp', `${jarFolder}/*`, file])).toBe('hello');
  });

  it.skipIf(lacks('go'))('in Go', { timeout: 300_000 }, async () => {
    const folder = `${directory.path}/greetings`;
    await mkdir(folder);
    await writeFile(`${folder}/main.go`, snippet('Go', 'go'));
    await run('go', ['mod', 'init', 'greetings'], folder);
    await run('go', ['get', 'github.com/twmb/franz-go@v1.22.2'], folder);
    await run('go', ['mod', 'tidy'], folder);
    expect(await run('go', ['run', '.'], folder)).toBe('hello');
  });
});
