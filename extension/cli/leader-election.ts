import type { Writable } from 'node:stream';
import { Admin } from '../client/admin.ts';
import type { PartitionOutcome } from '../client/admin/group-offsets.ts';
import type { ElectionType } from '../client/admin/replicas.ts';
import { KafkaError } from '../client/kafka-error.ts';
import { partitionName, type TopicPartition } from '../client/leader-routing.ts';
import { clusterTool, propertiesOf, withClient } from './cluster-tool.ts';
import { exceptionText } from './exception-text.ts';
import { inHashMapOrder, partitionHashCode } from './java-hash-order.ts';
import { ELECTION_OPTIONS, electionOf } from './leader-election-options.ts';
import { print } from './tool-io.ts';

/** `kafka-leader-election`: elects leaders of partitions. */
export const run = clusterTool({
  about: 'Elects leaders of partitions: preferred ones, or unclean where there is no other.',
  options: ELECTION_OPTIONS,
  execute: async (options, io) => {
    const { type, partitions } = electionOf(options);
    if (options.has('admin.config')) {
      const future = 'has been deprecated and will be removed in a future version';
      print(io.stdout, `Option --admin.config ${future}. Use --command-config instead.`);
    }
    const properties = propertiesOf(options, ['admin.config', 'command-config'], []);
    return withClient(
      options,
      io,
      async (client) => {
        const outcomes = await electLeaders(new Admin(client), type, partitions, io.stdout);
        const failures = report(type, outcomes, io.stdout);
        if (failures > 0) print(io.stderr, `${failures} replica(s) could not be elected`);
        return failures > 0 ? 1 : 0;
      },
      { properties },
    );
  },
});

async function electLeaders(
  admin: Admin,
  type: ElectionType,
  partitions: readonly TopicPartition[] | null,
  out: Writable,
): Promise<PartitionOutcome[]> {
  try {
    return await admin.electLeaders(type, partitions);
  } catch (error) {
    const text = requestFailure(error);
    if (text === undefined) throw error;
    print(out, text);
    throw new Error(`${text}: ${exceptionText(error as Error)}`, { cause: error });
  }
}

/** What Kafka's tool calls a request that failed as a whole; undefined for other errors. Nobody there is a time-out, too. */
function requestFailure(error: unknown): string | undefined {
  if (!(error instanceof KafkaError) || error.code === 'REQUEST_TIMED_OUT')
    return 'Timeout waiting for election results';
  return error.code === 'CLUSTER_AUTHORIZATION_FAILED' ? 'Not authorized to perform leader election' : undefined;
}

/** Prints what became of the partitions; how many were not elected. */
function report(type: ElectionType, outcomes: readonly PartitionOutcome[], out: Writable): number {
  const kind = type.toUpperCase();
  const ordered = inHashMapOrder(outcomes, partitionHashCode);
  const elected = ordered.filter(({ error }) => error === null);
  const fine = ordered.filter(({ error }) => error?.code === 'ELECTION_NOT_NEEDED');
  const failed = ordered.filter(({ error }) => error !== null && error.code !== 'ELECTION_NOT_NEEDED');
  const names = (some: readonly TopicPartition[]): string => some.map(partitionName).join(', ');
  if (elected.length > 0) {
    print(out, `Successfully completed leader election (${kind}) for partitions ${names(elected)}`);
  }
  if (fine.length > 0) print(out, `Valid replica already elected for partitions ${names(fine)}`);
  for (const outcome of failed) {
    const why = exceptionText(outcome.error!);
    print(out, `Error completing leader election (${kind}) for partition: ${partitionName(outcome)}: ${why}`);
  }
  return failed.length;
}
