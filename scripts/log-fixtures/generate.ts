/**
 * Lets Apache Kafka write log directories with everything they may hold, lets it repair damaged ones, and keeps all of
 * them with what DumpLogSegments prints: test/fixtures/log/directories.gz and dumps.gz.
 *
 *   node scripts/log-fixtures/generate.ts
 *
 * Needs a JDK, and Maven for the jars. Takes some minutes.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { classPath, installApacheKafka } from '../../test/support/apache-kafka-home.ts';
import { runJava } from '../../test/support/apache-kafka-tools.ts';
import { ApacheKafka } from '../../test/support/apache-kafka.ts';
import { packFiles } from '../../test/support/file-archive.ts';
import { freePort } from '../../test/support/free-port.ts';
import { temporaryDirectory } from '../../test/support/temporary-directory.ts';
import { until } from '../../test/support/until.ts';
import { damageClosed, damageKilled } from './damage.ts';

const properties = {
  'auto.create.topics.enable': 'false',
  'offsets.topic.num.partitions': '1',
  'transaction.state.log.num.partitions': '1',
  'log.cleaner.backoff.ms': '300',
  'log.cleaner.dedupe.buffer.size': '4194304',
  'log.index.size.max.bytes': '65536',
  'metadata.log.max.record.bytes.between.snapshots': '3000',
  'internal.metadata.log.segment.bytes': '6000',
  'metadata.max.idle.interval.ms': '10000',
};
const target = fileURLToPath(new URL('../../test/fixtures/log', import.meta.url));

await installApacheKafka();
await using temporary = await temporaryDirectory('log-fixtures');
const root = temporary.path;
const path = (name: string): string => join(root, name);
const controllerPort = await freePort();
const javaClasses = path('classes');
const source = fileURLToPath(new URL('LogFixtures.java', import.meta.url));
execFileSync('javac', ['-cp', classPath(), '-d', javaClasses, source], { stdio: 'inherit' });

function boot(directory: string): Promise<ApacheKafka> {
  console.log(`Booting on ${directory}`);
  return ApacheKafka.start({ directory: path(directory), controllerPort, properties, readyTimeoutMs: 180_000 });
}

async function java(...args: string[]): Promise<void> {
  const options = { classPath: javaClasses, cwd: root, timeoutMs: 300_000 };
  const { code, stdout, stderr } = await runJava('LogFixtures', args, options);
  if (code !== 0) throw new Error(`LogFixtures ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
}

/** The cleaner has been over everything but the active segment. */
function isCompacted(directory: string): boolean {
  const checkpoint = readFileSync(join(path(directory), 'cleaner-offset-checkpoint'), 'utf8');
  const cleaned = Number(/^compacted 0 (\d+)$/m.exec(checkpoint)?.[1] ?? -1);
  const segments = readdirSync(path(`${directory}/compacted-0`)).filter((name) => name.endsWith('.log'));
  return cleaned === Math.max(...segments.map((name) => Number.parseInt(name, 10)));
}

for (const round of [1, 2, 3]) {
  const broker = await boot('closed');
  await java('fill', broker.bootstrap, String(round));
  await until('the cleaner is through', () => isCompacted('closed'), { timeoutMs: 120_000 });
  await broker.stop(120_000);
}

cpSync(path('closed'), path('killed'), { recursive: true });
await (await boot('killed')).kill();
damageKilled(path('killed'));
cpSync(path('killed'), path('killed-recovered'), { recursive: true });
await (await boot('killed-recovered')).stop(120_000);

cpSync(path('closed'), path('damaged'), { recursive: true });
damageClosed(path('damaged'));
cpSync(path('damaged'), path('damaged-repaired'), { recursive: true });
await (await boot('damaged-repaired')).stop(120_000);

const kept = ['closed', 'killed', 'killed-recovered', 'damaged', 'damaged-repaired'];
const partitions = kept.flatMap((directory) =>
  readdirSync(path(directory), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /-\d+$/.test(entry.name))
    .map((entry) => `${directory}/${entry.name}`),
);
// The metadata log is left out of the others: it holds nothing new.
const isOf = (directory: string): boolean =>
  directory.startsWith('closed/') || !directory.includes('__cluster_metadata');
for (const directory of partitions) if (!isOf(directory)) rmSync(path(directory), { recursive: true });
const intact = partitions.filter((directory) => isOf(directory) && /^(closed|.*ed-re.*ed)\//.test(directory));
await java('dump', 'dumps', ...intact);

function filesBelow(directory: string, base: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const file = join(directory, name);
    if (statSync(file).isFile() && !name.endsWith('.lock')) files.set(relative(base, file), readFileSync(file));
  }
  return files;
}

const directories = new Map(kept.flatMap((directory) => [...filesBelow(path(directory), root)]));
directories.set('made', Buffer.from(String(Date.now())));
mkdirSync(target, { recursive: true });
for (const [name, files] of [
  ['directories.gz', directories],
  ['dumps.gz', filesBelow(path('dumps'), path('dumps'))],
] as const) {
  const packed = packFiles(files);
  writeFileSync(join(target, name), packed);
  console.log(`${name}: ${files.size} files, ${packed.length} bytes`);
}
