// Programs that tests need and a machine may lack. A lack is a skip, but with CI=true it is an error.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installApacheKafka, isApacheKafkaInstalled } from './apache-kafka-home.ts';

export const toolNames = ['chromium', 'kcat', 'python-confluent-kafka', 'apache-kafka', 'go'] as const;
export type Tool = (typeof toolNames)[number];

export interface Missing {
  readonly tool: Tool;
  /** What it is needed for and how to have it. */
  readonly reason: string;
}

const reasons: Readonly<Record<Tool, string>> = {
  chromium: 'Chromium is missing (apt-get install chromium, or set CHROMIUM to its path)',
  kcat: 'kcat is missing (apt-get install kcat)',
  'python-confluent-kafka': 'confluent_kafka is missing for python3 (apt-get install python3-confluent-kafka)',
  'apache-kafka': 'Apache Kafka needs a JDK from 17 on, and mvn with Maven Central to fetch it',
  go: 'go is missing (https://go.dev/dl)',
};

/** Of several Pythons the first that has the module: the distribution's packages are seen by its own Python only. */
export const python: string | undefined = ['/usr/bin/python3', 'python3'].find((path) =>
  succeeds(path, ['-c', 'import confluent_kafka']),
);

/** Path of a Chromium or Chrome, or undefined. */
export const chromium: string | undefined = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((path) => path !== undefined && existsSync(path));

const known = new Map<Tool, boolean>();

/** Fetches what can be fetched without an administrator: Apache Kafka's jars. Tells why when that fails. */
export async function prepareTools(): Promise<void> {
  if (isApacheKafkaInstalled() || !succeeds('java', ['-version']) || !succeeds('mvn', ['-version'])) return;
  console.log('Fetching Apache Kafka with Maven (once) …');
  await installApacheKafka().catch((error: unknown) => console.log(error instanceof Error ? error.message : error));
}

/** Whether this machine has the tool. */
export function isAvailable(tool: Tool): boolean {
  const answer = known.get(tool) ?? look(tool);
  known.set(tool, answer);
  return answer;
}

function look(tool: Tool): boolean {
  switch (tool) {
    case 'chromium':
      return chromium !== undefined;
    case 'kcat':
      return succeeds('kcat', ['-V']);
    case 'python-confluent-kafka':
      return python !== undefined;
    case 'apache-kafka':
      return isApacheKafkaInstalled() && succeeds('java', ['-version']);
    case 'go':
      return succeeds('go', ['version']);
  }
}

/** What a machine lacks of the given tools. */
export function missingTools(tools: readonly Tool[] = toolNames): Missing[] {
  return tools.filter((tool) => !isAvailable(tool)).map((tool) => ({ tool, reason: reasons[tool] }));
}

/** For `describe.skipIf(lacks('kcat'))`: true when the tool is missing; throws instead when CI=true. */
export function lacks(...tools: Tool[]): boolean {
  const missing = missingTools(tools);
  if (missing.length > 0 && process.env['CI'] === 'true') {
    throw new Error(`${missing.map(({ reason }) => reason).join('; ')}. With CI=true nothing may be skipped.`);
  }
  return missing.length > 0;
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 }).status === 0;
}
