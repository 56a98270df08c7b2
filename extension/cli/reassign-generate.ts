import type { Writable } from 'node:stream';
import type { Admin } from '../client/admin.ts';
import { groupBy } from '../client/group-by.ts';
import {
  parseBrokers,
  parseTopics,
  planJson,
  replicaName,
  type PartitionReplicas,
  type Replica,
} from './reassign-plan.ts';
import { currentReplicas, replicaDirs } from './reassign-state.ts';
import { placeAtRandom, type PlaceableBroker } from './replica-placement.ts';
import { print } from './tool-io.ts';

export interface GenerateOptions {
  readonly topicsText: string;
  readonly brokerList: string;
  readonly isRackAware: boolean;
}

/** Prints where the partitions of topics are, and where they could be. */
export async function generate(admin: Admin, options: GenerateOptions, out: Writable): Promise<void> {
  const ids = parseBrokers(options.brokerList);
  const topics = parseTopics(options.topicsText);
  const current = await currentReplicas(
    admin,
    topics.map((topic) => ({ topic })),
  );
  const dirOf = await directoriesOf(admin, current);
  const brokers = await targetBrokers(admin, ids, options.isRackAware);
  const proposed = [...groupBy(current, ({ topic }) => topic)].flatMap(([topic, partitions]) =>
    placeAtRandom(brokers, partitions.length, partitions[0]!.replicas.length).map((replicas, partition) => ({
      topic,
      partition,
      replicas,
    })),
  );
  print(out, `Current partition replica assignment\n${planJson(current, dirOf)}\n`);
  print(out, `Proposed partition reassignment configuration\n${planJson(proposed)}`);
}

/** Tells the directory of each replica whose broker lives. */
export async function directoriesOf(
  admin: Admin,
  partitions: readonly PartitionReplicas[],
): Promise<(replica: Replica) => string | undefined> {
  const alive = new Set((await admin.describeCluster()).brokers.map(({ id }) => id));
  const replicas = partitions.flatMap(({ topic, partition, replicas: brokerIds }) =>
    brokerIds.filter((id) => alive.has(id)).map((brokerId) => ({ topic, partition, brokerId })),
  );
  const dirs = await replicaDirs(admin, replicas);
  return (replica) => dirs.get(replicaName(replica))?.current;
}

async function targetBrokers(admin: Admin, ids: readonly number[], isRackAware: boolean): Promise<PlaceableBroker[]> {
  const { brokers } = await admin.describeCluster();
  const targets = brokers
    .filter(({ id }) => ids.includes(id))
    .map(({ id, rack }) => ({ id, rack: isRackAware ? rack : null }));
  const withoutRack = targets.filter(({ rack }) => rack === null).length;
  if (isRackAware && withoutRack > 0 && withoutRack < targets.length) {
    throw new Error(
      'Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment ' +
        'without rack information.',
    );
  }
  return targets;
}
