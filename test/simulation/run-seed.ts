import { DeliveryHistory } from './checks/delivery-history.ts';
import { EpochChecker } from './checks/epoch-checker.ts';
import { LogChecker } from './checks/log-checker.ts';
import { Rest } from './checks/rest.ts';
import { SimAdmin } from './clients/sim-admin.ts';
import { SimClient } from './clients/sim-client.ts';
import { SimCommitter } from './clients/sim-committer.ts';
import { SimConsumer } from './clients/sim-consumer.ts';
import { SimProducer } from './clients/sim-producer.ts';
import { FaultSchedule } from './world/fault-schedule.ts';
import { planOf, TOPIC } from './plan.ts';
import { SimCluster } from './world/sim-cluster.ts';
import { SimNetwork } from './world/sim-network.ts';
import { SimWorld, type TraceLine, Violation } from './world/sim-world.ts';

/** What came of one seed. */
export interface SeedResult {
  readonly seed: number;
  readonly hash: string;
  readonly virtualMs: number;
  readonly events: number;
  readonly acknowledged: number;
  readonly read: number;
  readonly violation: Violation | undefined;
  readonly lines: readonly TraceLine[];
}

const START_MAX_MS = 30_000;
const REST_MAX_MS = 60_000;
const FINAL_MAX_MS = 5_000;
const EPOCH_CHECK_MS = 50;
const LOG_CHECK_MS = 2_500;
const QUORUM_CHECK_MS = 1_500;
/** Machines of clients are numbered from here on. */
const FIRST_CLIENT = 1_000;

/**
 * Runs a cluster from its start through a storm of faults until it has come to rest, and checks it all the way. The same seed
 * does the same again. With `keepsDetails` the trace has what the nodes log.
 */
export async function runSeed(seed: number, keepsDetails = false): Promise<SeedResult> {
  const world = new SimWorld(seed, keepsDetails);
  const history = new DeliveryHistory(world);
  await simulate(world, history);
  return {
    seed,
    hash: world.hash,
    virtualMs: world.nowMs,
    events: world.eventCount,
    acknowledged: history.acknowledgedCount,
    read: history.readCount,
    violation: world.violation,
    lines: world.lines,
  };
}

async function simulate(world: SimWorld, history: DeliveryHistory): Promise<void> {
  const plan = planOf(world.random.fork());
  world.trace('plan', plan.description);
  const network = new SimNetwork(world, plan.weather);
  const cluster = new SimCluster(network, plan.shape);
  let nextClient = FIRST_CLIENT;
  const client = (name: string): SimClient =>
    new SimClient(network, { id: nextClient++, name, random: world.random.fork(), brokers: () => cluster.brokerIds });

  const epochs = new EpochChecker(cluster);
  const logs = new LogChecker(world, cluster, history, epochs);
  every(world, EPOCH_CHECK_MS, () => epochs.check());
  every(world, LOG_CHECK_MS, () => logs.check());

  const adminClient = client('admin');
  const admin = new SimAdmin(adminClient);
  cluster.start();
  let isReady = false;
  adminClient.run(async () => {
    await admin.createTopic(TOPIC, plan.partitions.length, plan.topicConfig);
    isReady = true;
  });
  await world.run(START_MAX_MS, () => isReady && cluster.hasStarted);
  if (!isReady) world.fail(new Violation('a cluster starts', `no topic could be made within ${START_MAX_MS} ms`));

  const clients: SimClient[] = [];
  const producers = plan.producers.map((_, index) => {
    const own = client(`producer-${index + 1}`);
    clients.push(own);
    return new SimProducer(own, history, TOPIC, plan.maxInFlight);
  });
  const consumers = plan.consumers.map((_, index) => {
    const own = client(`consumer-${index + 1}`);
    clients.push(own);
    return new SimConsumer(own, history, TOPIC);
  });
  plan.producers.forEach(({ batches, pauseMs }, index) => producers[index]!.start(plan.partitions, batches, pauseMs));
  for (const consumer of consumers) consumer.start(plan.partitions);
  const committerClient = client('committer');
  clients.push(committerClient);
  const committer = new SimCommitter(committerClient, TOPIC);
  committer.start(plan.commits, plan.stormMs / plan.commits);
  const quorumClient = client('watcher');
  const watcher = new SimAdmin(quorumClient);
  quorumClient.run(async () => {
    for (;;) {
      await quorumClient.clock.sleep(QUORUM_CHECK_MS);
      const quorum = await watcher.quorum();
      if (quorum === undefined) continue;
      logs.onMetadataCommitted(quorum.leader, quorum.epoch, quorum.highWatermark);
    }
  });

  const machines = clients.map(({ machine }) => machine);
  const { weights, maxPauseMs } = plan;
  const faults = new FaultSchedule({
    world,
    network,
    cluster,
    admin,
    clients: machines,
    weights,
    maxPauseMs,
    topic: TOPIC,
  });
  faults.start();
  await world.run(world.nowMs + plan.stormMs);
  if (world.violation !== undefined) return;
  faults.end();
  const rest = new Rest({ cluster, producers, consumers, committer, admin });
  const endMs = world.nowMs + REST_MAX_MS;
  await world.run(endMs, () => rest.isReached());
  if (world.violation !== undefined) return;
  if (!rest.isReached()) {
    const why = rest.whatIsMissing().join('; ');
    world.fail(new Violation(`everything is in sync ${REST_MAX_MS / 1000} s after the last fault`, why));
    return;
  }
  const topicsClient = client('inspector');
  topicsClient.run(() => rest.checkTopics(new SimAdmin(topicsClient)));
  let isChecked = false;
  committerClient.run(async () => {
    await committer.check();
    isChecked = true;
  });
  await world.run(world.nowMs + FINAL_MAX_MS, () => isChecked);
  if (!isChecked) world.fail(new Violation('every node answers at rest', 'committed offsets could not be fetched'));
  check(world, () => {
    logs.check();
    logs.checkFinal();
  });
}

function every(world: SimWorld, intervalMs: number, fn: () => void): void {
  world.schedule(intervalMs, undefined, () => {
    fn();
    every(world, intervalMs, fn);
  });
}

function check(world: SimWorld, fn: () => void): void {
  try {
    fn();
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    world.fail(error);
  }
}
