import { readFileSync } from 'node:fs';
import { Admin } from '../client/admin.ts';
import { KafkaError } from '../client/kafka-error.ts';
import { partitionName, type TopicPartition } from '../client/leader-routing.ts';
import { BOOTSTRAP_OPTION, clusterTool, COMMAND_CONFIG_OPTION, messageOf, withClient } from './cluster-tool.ts';
import { inHashMapOrder, partitionHashCode } from './java-hash-order.ts';
import { exceptionName } from './log-line.ts';
import { UsageError } from './option-parser.ts';
import { print } from './tool-io.ts';

/** `kafka-delete-records`: deletes the records before an offset of each partition. */
export const run = clusterTool({
  about: 'Deletes the records before given offsets.',
  options: [
    BOOTSTRAP_OPTION,
    COMMAND_CONFIG_OPTION,
    {
      name: 'offset-json-file',
      argument: 'file',
      about:
        'REQUIRED: the first offset that stays, per partition; -1 is the high watermark. The file holds ' +
        '{"partitions":[{"topic":"foo","partition":1,"offset":1}],"version":1}.',
    },
  ],
  execute: async (options, io) => {
    for (const name of ['bootstrap-server', 'offset-json-file']) {
      if (!options.has(name)) throw new UsageError(`Missing required argument "[${name}]"`);
    }
    const wanted = readOffsets(options.required('offset-json-file'));
    return withClient(options, io, async (client) => {
      print(io.stdout, 'Executing records delete operation');
      const results = await new Admin(client).deleteRecords(wanted);
      print(io.stdout, 'Records delete operation completed:');
      for (const result of inHashMapOrder(results, partitionHashCode)) {
        const { error } = result;
        const outcome = error === null ? `low_watermark: ${result.value.logStartOffset}` : `error: ${errorText(error)}`;
        print(io.stdout, `partition: ${partitionName(result)}\t${outcome}`);
      }
      return 0;
    });
  },
});

function errorText(error: Error): string {
  return error instanceof KafkaError ? `${exceptionName(error.code)}: ${messageOf(error)}` : error.message;
}

type Wanted = TopicPartition & { readonly before: number | 'highWatermark' };

/** @throws Error for a file that is not there or not in the format */
function readOffsets(path: string): Wanted[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`Unable to read file ${path}`, { cause });
  }
  const wanted = parseOffsets(text);
  const names = wanted.map(partitionName);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  if (twice.length > 0) throw new Error(`Offset json file contains duplicate topic partitions: ${twice.join(',')}`);
  return wanted;
}

function parseOffsets(text: string): Wanted[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new Error('The input string is not a valid JSON', { cause });
  }
  const { version = 1, partitions } = (json ?? {}) as { version?: unknown; partitions?: unknown };
  if (version !== 1) throw new Error(`Not supported version field value ${String(version)}`);
  if (!Array.isArray(partitions)) throw new Error('Missing partitions field');
  return partitions.map((item: unknown) => {
    const { topic, partition, offset } = (item ?? {}) as Record<string, unknown>;
    if (typeof topic !== 'string' || !Number.isInteger(partition) || !Number.isInteger(offset)) {
      throw new Error(`Each of the partitions needs topic, partition and offset, unlike ${JSON.stringify(item)}`);
    }
    return { topic, partition: partition as number, before: offset === -1 ? 'highWatermark' : (offset as number) };
  });
}
