import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { run } from '../../../extension/cli/dump-log.ts';
import { runTool } from '../../support/run-tool.ts';
import { temporaryDirectorySync } from '../../support/temporary-directory.ts';
import { dumpOf, filesOf } from '../engine/log/kafka-fixtures.ts';
import type { FixtureDirectory } from '../engine/log/kafka-fixtures.ts';

const folder = temporaryDirectorySync('dump-fixtures');
afterAll(() => folder.remove());

/** Our dump of a partition, by the name of the file, as `dumpOf` has Kafka's. */
async function ourDump(
  directory: FixtureDirectory,
  partition: string,
  ...options: string[]
): Promise<Map<string, string[]>> {
  const path = join(folder.path, directory, partition);
  mkdirSync(path, { recursive: true });
  const sections = new Map<string, string[]>();
  for (const name of dumpOf(directory, partition).keys()) {
    const file = join(path, name);
    writeFileSync(file, filesOf(directory, partition).get(name)!);
    const { code, out } = await runTool(run, [...options, '--deep-iteration', '--print-data-log', '--files', file]);
    expect(code).toBe(0);
    sections.set(name, out.replaceAll(`${folder.path}/`, '').split('\n').slice(1, -1));
  }
  return sections;
}

const partitions = (['closed', 'killed-recovered', 'damaged-repaired'] as const).flatMap((directory) =>
  ['codecs-0', 'transactions-0', 'compacted-0', 'append-time-0', 'empty-0'].map((name) => [directory, name] as const),
);

it.each(partitions)('prints %s/%s as Apache Kafka does', async (directory, partition) => {
  expect(await ourDump(directory, partition)).toEqual(dumpOf(directory, partition));
});

/** Lines end before JSON that Kafka leaves unset tagged fields out of; fixtures-decoders.test.ts looks at what it says. */
const beforeJson = (line: string): string => line.replace(/ (key: \{|payload: \{|LeaderChange: ).*$/, '');

it.each([
  ['__consumer_offsets-0', '--offsets-decoder'],
  ['__transaction_state-0', '--transaction-log-decoder'],
  ['__cluster_metadata-0', '--cluster-metadata-decoder'],
])('prints all but the content of records of %s as Apache Kafka does', async (partition, decoder) => {
  const cut = (sections: Map<string, string[]>): unknown[] =>
    [...sections].map(([name, lines]) => [name, lines.map(beforeJson)]);
  const ours = await ourDump('closed', partition, decoder);
  expect(cut(ours)).toEqual(cut(dumpOf('closed', partition)));
  expect([...ours.values()].flat().filter((line) => line.includes('cannot be decoded'))).toEqual([]);
});

it('prints 64 bits that are no safe integer as they are', async () => {
  const isGroup = (line: string): boolean => line.includes('metadataHash');
  const [ours] = [...(await ourDump('closed', '__consumer_offsets-0', '--offsets-decoder')).values()]
    .flat()
    .filter(isGroup);
  const [kafkas] = [...dumpOf('closed', '__consumer_offsets-0').values()].flat().filter(isGroup);
  expect(kafkas).toMatch(/"metadataHash":-?\d{17,}\}/);
  expect(ours).toBe(kafkas);
});
