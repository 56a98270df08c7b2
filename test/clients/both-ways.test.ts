import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../extension/engine/common/clock.ts';
import { nodeFileSystem } from '../../extension/engine/common/node-file-system.ts';
import { systemRandom } from '../../extension/engine/common/random.ts';
import { parseLogConfig } from '../../extension/engine/log/log-config.ts';
import { LogEnvironment } from '../../extension/engine/log/log-environment.ts';
import { LogManager } from '../../extension/engine/log/log-manager.ts';
import type { UnifiedLog } from '../../extension/engine/log/unified-log.ts';
import { buildEndTransactionBatch } from '../../extension/records/control-record.ts';
import { ApacheKafka } from '../support/apache-kafka.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary-directory.ts';
import { lacks } from '../support/tools.ts';
import { until } from '../support/until.ts';
import { batch } from './compare/both-brokers.ts';
import { JavaClient } from './java/java-client.ts';

/** Whatever serves a directory: Samsa or Apache Kafka. */
interface Serving {
  readonly bootstrap: string;
  stop(): Promise<unknown>;
  kill(): Promise<unknown>;
}

const small = { 'retention.ms': '-1', 'index.interval.bytes': '150' };

/** Two partitions each. */
const topics: Readonly<Record<string, Record<string, string>>> = {
  codecs: { ...small, 'internal.segment.bytes': '2500' },
  compacted: {
    ...small,
    'internal.segment.bytes': '1500',
    'cleanup.policy': 'compact',
    'min.cleanable.dirty.ratio': '0.01',
    'delete.retention.ms': '31536000000',
  },
  transactions: { ...small, 'internal.segment.bytes': '1200' },
  undecided: {
    ...small,
    'message.timestamp.type': 'LogAppendTime',
    'compression.type': 'lz4',
    'compression.lz4.level': '12',
  },
};

const properties = {
  'offsets.topic.num.partitions': '3',
  'transaction.state.log.num.partitions': '2',
  'log.cleaner.backoff.ms': '300',
  'log.cleaner.dedupe.buffer.size': '4194304',
};

/** Appends transactions to a log as the brokers of a cluster with a coordinator do. */
class Transactions {
  readonly #log: UnifiedLog;
  readonly #sequences = new Map<number, number>();

  constructor(log: UnifiedLog) {
    this.#log = log;
  }

  #epoch(): number {
    return this.#log.latestEpoch ?? 0;
  }

  write(producerId: number, ...values: string[]): void {
    const baseSequence = this.#sequences.get(producerId) ?? 0;
    this.#sequences.set(producerId, baseSequence + values.length);
    const producer = { producerId, producerEpoch: 3, baseSequence, isTransactional: true };
    this.#log.appendAsLeader(batch(values, { ...producer, timestamp: Date.now() }), this.#epoch());
  }

  end(producerId: number, commit: boolean): void {
    const marker = { producerId, producerEpoch: 3, coordinatorEpoch: 0, commit };
    this.#log.appendAsLeader(buildEndTransactionBatch(marker, Date.now()), this.#epoch(), { origin: 'coordinator' });
  }
}

/** Writes transactions into a directory that nobody serves, and compacts it; closes it as a broker does. */
async function writeTransactions(directory: string): Promise<void> {
  const problems: string[] = [];
  const say = (message: string): void => void problems.push(message);
  const environment = new LogEnvironment({
    fileSystem: nodeFileSystem,
    clock: systemClock,
    random: systemRandom,
    logger: { debug() {}, info() {}, warn: say, error: say },
  });
  const manager = new LogManager({
    environment,
    directories: [directory],
    config: parseLogConfig({ 'cleanup.policy': 'compact' }),
    topicConfig: (topic) => (topics[topic] === undefined ? undefined : parseLogConfig(topics[topic])),
  });
  await manager.load();
  for (const log of manager.logs()) log.updateHighWatermark(log.logEndOffset);
  const several = new Transactions(manager.get('transactions', 0)!);
  for (let i = 0; i < 12; i++) {
    for (const producerId of [9001, 9002, 9003]) several.write(producerId, `${i} of ${producerId}`, 'more');
    several.end(9001, i % 2 === 0);
    several.end(9002, i % 3 === 0);
    if (i % 4 === 3) several.end(9003, i === 7);
  }
  const undecided = new Transactions(manager.get('undecided', 0)!);
  undecided.write(9004, 'decided');
  undecided.end(9004, true);
  undecided.write(9005, 'nobody knows');
  undecided.write(9004, 'behind it');
  undecided.end(9004, true);
  environment.writes.flush();
  await manager.compact();
  await manager.shutdown(manager.previousBrokerEpoch);
  expect(problems).toEqual([]);
}

/** What DumpLogSegments would say of a file with something wrong. */
const complaint =
  /corrupt|mismatch|invalid|exception|out of order|could not|not.*(in order|monotonic)|non-?increasing|isvalid: false/i;

function checkDump(lines: readonly string[]): void {
  expect(lines.filter((line) => complaint.test(line) && !/isvalid: true/.test(line))).toEqual([]);
  const dumped = lines.filter((line) => line.startsWith('Dumping '));
  for (const partition of ['codecs-0', 'codecs-1', 'compacted-0', 'transactions-0', 'undecided-0']) {
    for (const suffix of ['.log', '.index', '.timeindex']) {
      const names = dumped.filter((line) => line.includes(`/${partition}/`) && line.endsWith(suffix));
      expect([partition, suffix, names.length > 0]).toEqual([partition, suffix, true]);
    }
  }
  expect(dumped.filter((line) => line.endsWith('.txnindex')).length).toBeGreaterThan(0);
  expect(lines.filter((line) => line.endsWith('passed sanity check.')).length).toBeGreaterThan(20);
}

const starting = (lines: readonly string[], prefix: string): string[] =>
  lines.filter((line) => line.startsWith(prefix));

/** What was compacted: the offset up to which the log's cleaner has been. */
function cleanedUpTo(directory: string): number {
  const checkpoint = readFileSync(`${directory}/cleaner-offset-checkpoint`, 'utf8');
  return Number(/^compacted 0 (\d+)$/m.exec(checkpoint)?.[1] ?? 0);
}

describe.skipIf(lacks('apache-kafka'))('one data directory, two brokers', () => {
  let java: JavaClient;
  let directory: TemporaryDirectory;
  let serving: Serving | undefined;
  beforeAll(async () => {
    java = await JavaClient.start();
  });
  afterAll(async () => {
    await java?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    directory = await temporaryDirectory('both-ways');
  });
  afterEach(async () => {
    await serving?.kill();
    serving = undefined;
    await directory[Symbol.asyncDispose]();
  });

  const logDir = (): string => `${directory.path}/broker-1`;
  const samsa = (): Promise<SamsaCluster> =>
    SamsaCluster.start({
      dataDir: directory.path,
      args: Object.entries(properties).flatMap(([name, value]) => ['--config', `${name}=${value}`]),
    });
  const kafka = (quorum: 'static' | 'dynamic' = 'dynamic'): Promise<ApacheKafka> =>
    ApacheKafka.start({ directory: logDir(), quorum, properties });

  async function turn(
    start: Promise<Serving>,
    end: 'cleanly' | 'by SIGKILL',
    work: (bootstrap: string) => Promise<void>,
  ): Promise<void> {
    serving = await start;
    await work(serving.bootstrap);
    if (end === 'cleanly') await serving.stop();
    else await serving.kill();
    serving = undefined;
  }

  async function create(bootstrap: string): Promise<void> {
    for (const [topic, configs] of Object.entries(topics)) {
      const pairs = Object.entries(configs).map(([name, value]) => `${name}=${value}`);
      await java.run('create', bootstrap, topic, 2, pairs.join(';'));
    }
  }

  async function write(bootstrap: string, round: number): Promise<void> {
    await java.run('write', bootstrap, round);
    await java.run('commit', bootstrap, round);
  }

  it.each(['cleanly', 'by SIGKILL'] as const)(
    'Samsa begins and ends %s, Apache Kafka goes on, Samsa goes on',
    { timeout: 240_000 },
    async (end) => {
      let before: string[] = [];
      await turn(samsa(), 'cleanly', async (bootstrap) => {
        await create(bootstrap);
        await write(bootstrap, 1);
        await until('Samsa has compacted', () => cleanedUpTo(logDir()) > 0);
      });
      await writeTransactions(logDir());
      expect(cleanedUpTo(logDir())).toBeGreaterThan(200);
      await turn(samsa(), end, async (bootstrap) => {
        await write(bootstrap, 2);
        before = await java.run('read', bootstrap);
      });
      expect(starting(before, 'read_uncommitted codecs-')).toHaveLength(2 * 2 * 60);
      // 12 of 9001, 9002 and 9003, two records each; half, a third and four of twelve were committed.
      expect(starting(before, 'read_uncommitted transactions-0')).toHaveLength(72);
      expect(starting(before, 'read_committed transactions-0')).toHaveLength(12 + 8 + 8);
      expect(starting(before, 'read_uncommitted undecided-0')).toHaveLength(3);
      expect(starting(before, 'read_committed undecided-0')).toHaveLength(1);
      expect(starting(before, 'read_uncommitted compacted-0')).toHaveLength(13);
      expect(starting(before, 'group reader-group codecs-1=OffsetAndMetadata{offset=10,')).toHaveLength(1);
      expect(starting(before, 'topic codecs 2 flush.messages=100002 ')).toHaveLength(1);
      checkDump(await java.run('dump', logDir()));

      let after: string[] = [];
      await turn(kafka(), end, async (bootstrap) => {
        expect(await java.run('read', bootstrap)).toEqual(before);
        await java.run('transactions', bootstrap, 3);
        await write(bootstrap, 3);
        await java.run('open', bootstrap);
        after = await java.run('read', bootstrap);
      });
      expect(starting(after, 'read_uncommitted transactions-0')).toHaveLength(72 + 8);
      expect(starting(after, 'read_committed transactions-0')).toHaveLength(28 + 4);
      expect(starting(after, 'read_uncommitted undecided-1')).toHaveLength(1);
      expect(starting(after, 'read_committed undecided-1')).toHaveLength(0);
      expect(starting(after, 'group transactional-group codecs-0=OffsetAndMetadata{offset=32,')).toHaveLength(1);
      await turn(samsa(), end, async (bootstrap) => {
        expect(await java.run('read', bootstrap)).toEqual(after);
        await write(bootstrap, 4);
        expect(starting(await java.run('read', bootstrap), 'read_uncommitted codecs-')).toHaveLength(4 * 2 * 60);
      });
      checkDump(await java.run('dump', logDir()));
    },
  );

  it.each(['static', 'dynamic'] as const)(
    'Apache Kafka begins with a %s quorum, Samsa goes on, Apache Kafka takes it back',
    { timeout: 240_000 },
    async (quorum) => {
      let before: string[] = [];
      await turn(kafka(quorum), 'cleanly', async (bootstrap) => {
        await create(bootstrap);
        await write(bootstrap, 1);
        before = await java.run('read', bootstrap);
      });
      await turn(samsa(), 'cleanly', async (bootstrap) => {
        expect(await java.run('read', bootstrap)).toEqual(before);
        await java.run('create', bootstrap, 'by-samsa', 4, 'retention.ms=86400000');
        await write(bootstrap, 2);
        before = await java.run('read', bootstrap);
      });
      expect(starting(before, 'topic by-samsa 4 retention.ms=86400000')).toHaveLength(1);
      await turn(kafka(quorum), 'cleanly', async (bootstrap) => {
        expect(await java.run('read', bootstrap)).toEqual(before);
      });
    },
  );
});
