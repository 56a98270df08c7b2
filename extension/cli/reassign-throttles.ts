import type { Writable } from 'node:stream';
import type { Admin } from '../client/admin.ts';
import type { ConfigChange, ConfigResourceType } from '../client/admin/configs.ts';
import type { OngoingReassignment, ReplicaMove } from '../client/admin/replicas.ts';
import { groupBy } from '../client/group-by.ts';
import { partitionName } from '../client/leader-routing.ts';
import { inHashMapOrder, javaHashCode } from './java-hash-order.ts';
import type { PartitionReplicas } from './reassign-plan.ts';
import { print } from './tool-io.ts';

const LEADER_RATE = 'leader.replication.throttled.rate';
const FOLLOWER_RATE = 'follower.replication.throttled.rate';
const DIRECTORY_RATE = 'replica.alter.log.dirs.io.max.bytes.per.second';
const LEADER_REPLICAS = 'leader.replication.throttled.replicas';
const FOLLOWER_REPLICAS = 'follower.replication.throttled.replicas';

/** Who sends the records of a partition that moves, and who gets them. */
export interface PartitionMove {
  readonly topic: string;
  readonly partition: number;
  readonly sources: ReadonlySet<number>;
  readonly destinations: ReadonlySet<number>;
}

/** The moves under way and those of a plan; what is under way sends from where it was. */
export function movesOf(
  ongoing: readonly OngoingReassignment[],
  proposed: readonly PartitionReplicas[],
  current: readonly PartitionReplicas[],
): PartitionMove[] {
  const moves = new Map<string, PartitionMove>();
  for (const { topic, partition, replicas, addingReplicas } of ongoing) {
    const destinations = new Set(addingReplicas);
    const sources = new Set(replicas.filter((id) => !destinations.has(id)));
    moves.set(partitionName({ topic, partition }), { topic, partition, sources, destinations });
  }
  const replicasOf = new Map(current.map((each) => [partitionName(each), each.replicas]));
  for (const { topic, partition, replicas } of proposed) {
    const name = partitionName({ topic, partition });
    const sources = moves.get(name)?.sources ?? new Set(replicasOf.get(name));
    const destinations = new Set(replicas.filter((id) => !sources.has(id)));
    moves.set(name, { topic, partition, sources, destinations });
  }
  return [...moves.values()];
}

/** The replicas to throttle, as the configs of a topic list them: `partition:broker,…`. */
export function throttledReplicas(moves: readonly PartitionMove[]): { leaders: string; followers: string } {
  const list = (side: (move: PartitionMove) => ReadonlySet<number>): string =>
    moves
      .flatMap((move) => [...side(move)].map((id) => `${move.partition}:${id}`))
      .sort()
      .join(',');
  return { leaders: list(({ sources }) => sources), followers: list(({ destinations }) => destinations) };
}

/** Limits what is copied between brokers: all replicas that take part, and all brokers that have one of them. */
export async function throttleMoves(
  admin: Admin,
  moves: readonly PartitionMove[],
  bytesPerSecond: number,
  out: Writable,
): Promise<void> {
  const topics = [...groupBy(moves, ({ topic }) => topic)];
  await change(
    admin,
    'topic',
    topics.map(([topic, ofTopic]) => {
      const { leaders, followers } = throttledReplicas(ofTopic);
      return [topic, [set(LEADER_REPLICAS, leaders), set(FOLLOWER_REPLICAS, followers)]];
    }),
  );
  const brokers = new Set(moves.flatMap(({ sources, destinations }) => [...sources, ...destinations]));
  const rate = String(bytesPerSecond);
  await changeBrokers(admin, brokers, [set(LEADER_RATE, rate), set(FOLLOWER_RATE, rate)]);
  print(out, `The inter-broker throttle limit was set to ${rate} B/s`);
}

/** Limits what is copied between the directories of the brokers that have something to move. */
export async function throttleDirectories(
  admin: Admin,
  moves: readonly ReplicaMove[],
  bytesPerSecond: number,
  out: Writable,
): Promise<void> {
  const brokers = new Set(moves.map(({ brokerId }) => brokerId));
  await changeBrokers(admin, brokers, [set(DIRECTORY_RATE, String(bytesPerSecond))]);
  print(out, `The replica-alter-dir throttle limit was set to ${bytesPerSecond} B/s`);
}

/** Takes all throttles back: from every broker that lives or that the plan names, and from the plan's topics. */
export async function clearThrottles(
  admin: Admin,
  partitions: readonly PartitionReplicas[],
  out: Writable,
): Promise<void> {
  const alive = (await admin.describeCluster()).brokers.map(({ id }) => id);
  const brokers = [...new Set([...alive, ...partitions.flatMap(({ replicas }) => replicas)])];
  const listed = inHashMapOrder(brokers, (id) => id);
  print(out, `Clearing broker-level throttles on broker${plural(listed)} ${listed.join(',')}`);
  await changeBrokers(admin, listed, [LEADER_RATE, FOLLOWER_RATE, DIRECTORY_RATE].map(unset));
  const topics = inHashMapOrder([...new Set(partitions.map(({ topic }) => topic))], javaHashCode);
  print(out, `Clearing topic-level throttles on topic${plural(topics)} ${topics.join(',')}`);
  const entries = [LEADER_REPLICAS, FOLLOWER_REPLICAS].map(unset);
  await change(
    admin,
    'topic',
    topics.map((topic) => [topic, entries]),
  );
}

/** The `s` of a plural. */
export function plural(items: readonly unknown[]): string {
  return items.length === 1 ? '' : 's';
}

function set(name: string, value: string): ConfigChange {
  return { name, value };
}

function unset(name: string): ConfigChange {
  return { name, value: null };
}

function changeBrokers(admin: Admin, ids: Iterable<number>, changes: readonly ConfigChange[]): Promise<void> {
  return change(
    admin,
    'broker',
    [...ids].map((id) => [String(id), changes]),
  );
}

/** @throws KafkaError when one of the changes is refused */
async function change(
  admin: Admin,
  type: ConfigResourceType,
  named: readonly (readonly [name: string, changes: readonly ConfigChange[]])[],
): Promise<void> {
  if (named.length === 0) return;
  const results = await admin.incrementalAlterConfigs(
    named.map(([name, changes]) => ({ resource: { type, name }, changes })),
  );
  const failed = results.find(({ error }) => error !== null);
  if (failed?.error) throw failed.error;
}
