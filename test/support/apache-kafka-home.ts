import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Child, runChild } from './child.ts';

/** The release that Samsa is compared with. */
export const apacheKafkaVersion = '4.3.1';

/** Where its jars are kept: `SAMSA_APACHE_KAFKA_HOME`, or a folder of the user's cache. */
export const apacheKafkaHome =
  process.env['SAMSA_APACHE_KAFKA_HOME'] ?? join(homedir(), '.cache', 'samsa-apache-kafka', apacheKafkaVersion);

const artifacts = [
  ['org.apache.kafka', 'kafka_2.13', apacheKafkaVersion],
  ['org.apache.kafka', 'kafka-tools', apacheKafkaVersion],
  ['org.apache.kafka', 'kafka-shell', apacheKafkaVersion],
  ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.24.3'],
] as const;

/** Logs go to standard error, so that a tool's standard output is what the tool says. */
const logging = `Configuration:
  Appenders:
    Console:
      name: stderr
      target: SYSTEM_ERR
      PatternLayout:
        pattern: "%d{HH:mm:ss.SSS} %p %m (%c{1})%n"
  Loggers:
    Root:
      level: "\${sys:log.level:-WARN}"
      AppenderRef:
        ref: stderr
`;

/** A JVM that lives for a second gains nothing from the optimizing compiler or a concurrent collector. */
const quickStartFlags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto', '-Xlog:cds=off'];

const marker = 'complete';
const archive = 'classes.jsa';

/** Maven's project that has Apache Kafka with its tools and a log backend as dependencies. */
function project(): string {
  const dependencies = artifacts.map(
    ([group, artifact, version]) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>samsa.test</groupId><artifactId>apache-kafka</artifactId><version>1</version>
<dependencies>
${dependencies.join('\n')}
</dependencies>
</project>
`;
}

/** Whether the jars are there already. */
export function isApacheKafkaInstalled(): boolean {
  return existsSync(join(apacheKafkaHome, marker));
}

/** Fetches the jars with Maven unless they are there. Safe against another process doing the same. */
export async function installApacheKafka(): Promise<void> {
  if (isApacheKafkaInstalled()) return;
  const staging = `${apacheKafkaHome}.${process.pid}`;
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  await writeFile(join(staging, 'pom.xml'), project());
  await writeFile(join(staging, 'log4j2.yaml'), logging);
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(staging, 'libs')}`];
  const maven = await runChild('mvn', ['-q', '-B', '-f', join(staging, 'pom.xml'), ...goal], { timeoutMs: 600_000 });
  if (maven.code !== 0) {
    await rm(staging, { recursive: true, force: true });
    throw new Error(`Maven could not fetch Apache Kafka ${apacheKafkaVersion}:\n${maven.stdout}${maven.stderr}`);
  }
  await writeFile(join(staging, marker), '');
  await mkdir(dirname(apacheKafkaHome), { recursive: true });
  try {
    await rename(staging, apacheKafkaHome);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (!isApacheKafkaInstalled()) throw error;
  }
  await archiveClasses();
}

/** Every jar, in a fixed order: the shared archive of classes is only good for the class path it was made with. */
export function classPath(): string {
  const libs = join(apacheKafkaHome, 'libs');
  const jars = readdirSync(libs).filter((name) => name.endsWith('.jar'));
  return jars
    .sort()
    .map((name) => join(libs, name))
    .join(':');
}

/** Arguments that come before the main class; without `quickStart` the JVM is left as it is, for measurements. */
export function jvmArguments(logLevel: string, jvm: readonly string[] = [], quickStart = true): string[] {
  const shared = join(apacheKafkaHome, archive);
  return [
    ...(quickStart ? quickStartFlags : []),
    ...(quickStart && existsSync(shared) ? [`-XX:SharedArchiveFile=${shared}`] : []),
    ...jvm,
    `-Dlog4j2.configurationFile=${join(apacheKafkaHome, 'log4j2.yaml')}`,
    `-Dlog.level=${logLevel}`,
    ...['-cp', classPath()],
  ];
}

/**
 * Writes the classes that tools load into one archive that the JVM maps instead of parsing jars, which halves a tool's
 * start. Tests run some hundred tools. Without it everything works, only slower, so a failure is not one.
 */
async function archiveClasses(): Promise<void> {
  const list = join(apacheKafkaHome, 'classes.list');
  const classes = new Set<string>();
  for (const [main, ...args] of representativeRuns) {
    const child = new Child('java', [
      ...['-Xshare:off', `-XX:DumpLoadedClassList=${list}`, '-cp', classPath()],
      `-Dlog4j2.configurationFile=${join(apacheKafkaHome, 'log4j2.yaml')}`,
      ...[main, ...args],
    ]);
    child.endInput('key\n');
    await child.wait(60_000).catch(() => undefined);
    const text = await readFile(list, 'utf8').catch(() => '');
    for (const line of text.split('\n')) if (/^[\w/$]+$/.test(line)) classes.add(line);
  }
  await writeFile(list, [...classes].join('\n'));
  const shared = join(apacheKafkaHome, archive);
  const dump = [`-XX:SharedClassListFile=${list}`, `-XX:SharedArchiveFile=${shared}.new`, '-cp', classPath()];
  const made = await runChild('java', [...quickStartFlags, '-Xshare:dump', ...dump], { timeoutMs: 120_000 });
  if (made.code === 0) await rename(`${shared}.new`, shared);
}

const nowhere = ['--bootstrap-server', '127.0.0.1:1'];
const tools = 'org.apache.kafka.tools';

/** Runs that load much of the clients and then give up, as nobody listens. */
const representativeRuns = [
  [`${tools}.consumer.ConsoleConsumer`, ...nowhere, '--topic', 'a', '--from-beginning', '--timeout-ms', '500'],
  [`${tools}.ConsoleProducer`, ...nowhere, '--topic', 'a', '--request-timeout-ms', '500', '--max-block-ms', '500'],
  [`${tools}.consumer.group.ConsumerGroupCommand`, ...nowhere, '--list', '--timeout', '500'],
  [`${tools}.TopicCommand`, '--version'],
  ['kafka.tools.StorageTool', 'random-uuid'],
] as const;
