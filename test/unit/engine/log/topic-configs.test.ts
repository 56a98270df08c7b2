import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { cleanableRange, isWorthCleaning } from '../../../../extension/engine/log/cleanable-log.ts';
import { Cleaner } from '../../../../extension/engine/log/cleaner.ts';
import { FlushScheduler } from '../../../../extension/engine/log/flush-scheduler.ts';
import { parseLogConfig } from '../../../../extension/engine/log/log-config.ts';
import type { UnifiedLog } from '../../../../extension/engine/log/unified-log.ts';
import { checkTopicConfigs } from '../../../../extension/engine/metadata/config-checks.ts';
import { topicConfigs } from '../../../../extension/engine/metadata/config-definitions.ts';
import { ConfigResolver } from '../../../../extension/engine/metadata/config-resolver.ts';
import { EMPTY_IMAGE } from '../../../../extension/engine/metadata/metadata-image.ts';
import * as batch from '../../../../extension/records/record-batch.ts';
import { topicsWithConfigsTogether, topicsWithEachConfig } from '../../../clients/compare/topic-config-values.ts';
import { batchOf, codeOf, config, DIRECTORY, fixture, NOW_MS } from './log-fixture.ts';
import type { Fixture } from './log-fixture.ts';

/** A log in use, whose topic's configs change under it. */
class Changing {
  readonly made: Fixture;
  readonly log: UnifiedLog;

  constructor(raw: Record<string, string> = {}, random?: Parameters<typeof fixture>[0]) {
    this.made = fixture(random);
    this.log = this.made.open({ config: config(raw) });
  }

  set(raw: Record<string, string>): void {
    this.log.updateConfig(config(raw));
  }

  /** Appends a record; answers the code of what refused it. */
  append(ageMs = 0, value = 'value', key: string | null = 'key'): number | 'no error' {
    const record = {
      key: key === null ? null : Buffer.from(key),
      value: Buffer.from(value),
      timestamp: NOW_MS - ageMs,
    };
    const code = codeOf(() => this.log.appendAsLeader(batchOf([record]), 0));
    this.log.flushWrites();
    this.log.updateHighWatermark(this.log.logEndOffset);
    return code;
  }

  /** A segment for each of these ages. */
  segments(...agesMs: number[]): void {
    for (const age of agesMs) {
      this.append(age);
      this.log.roll();
    }
  }

  /** Size of the active segment's file with this ending. */
  fileSize(suffix: string): number {
    const { active } = this.log.local.segments;
    active.saveIndexes();
    return this.made.disk.readFileSync(`${DIRECTORY}/${String(active.baseOffset).padStart(20, '0')}${suffix}`).length;
  }

  /** Bytes that a batch of much text takes in the log. */
  compressedSize(): number {
    const before = this.log.sizeBytes;
    const words = Array.from(
      { length: 3000 },
      (_, i) => `${['order', 'stock', 'user'][(i * i) % 3]} ${(i * 7919) % 463}`,
    );
    this.append(0, words.join(' '));
    return this.log.sizeBytes - before;
  }

  range(): ReturnType<typeof cleanableRange> {
    return cleanableRange(this.log, undefined, this.made.clock.nowMs());
  }
}

/** What shows that a config counts from the moment it is set. */
type Effect = () => void | Promise<void>;

const { INVALID_RECORD, INVALID_TIMESTAMP, MESSAGE_TOO_LARGE } = ErrorCode;

/** A level that compresses better makes the same text smaller. */
const level = (codec: string, weak: string, strong: string) => (): void => {
  const topic = new Changing({ 'compression.type': codec, [`compression.${codec}.level`]: weak });
  const large = topic.compressedSize();
  topic.set({ 'compression.type': codec, [`compression.${codec}.level`]: strong });
  expect(topic.compressedSize()).toBeLessThan(large);
};

const effects: Readonly<Record<string, Effect>> = {
  'cleanup.policy'() {
    const topic = new Changing();
    expect(topic.append(0, 'x', null)).toBe('no error');
    topic.set({ 'cleanup.policy': 'compact' });
    expect(topic.append(0, 'x', null)).toBe(INVALID_RECORD);
  },
  'compression.gzip.level': level('gzip', '1', '9'),
  'compression.lz4.level': level('lz4', '1', '12'),
  'compression.zstd.level': level('zstd', '-100', '12'),
  'compression.type'() {
    const topic = new Changing();
    const codec = (): number => {
      topic.append();
      return batch.codecId(topic.log.read(topic.log.logEndOffset - 1, 1).records[0]!, 0);
    };
    expect(codec()).toBe(0);
    topic.set({ 'compression.type': 'zstd' });
    expect(codec()).toBe(4);
    topic.set({ 'compression.type': 'uncompressed' });
    expect(codec()).toBe(0);
  },
  async 'delete.retention.ms'() {
    const topic = new Changing({ 'cleanup.policy': 'compact' });
    topic.log.appendAsLeader(batchOf([{ key: Buffer.from('k'), value: null, timestamp: NOW_MS }]), 0);
    topic.segments(0);
    topic.set({ 'cleanup.policy': 'compact', 'delete.retention.ms': '1234' });
    await new Cleaner(topic.made.environment, 1 << 16).clean(topic.log, topic.range());
    // Where a batch has a delete horizon, it stands in place of the base timestamp.
    expect(batch.baseTimestamp(topic.log.read(0, 1).records[0]!, 0)).toBe(NOW_MS + 1234);
  },
  async 'file.delete.delay.ms'() {
    const topic = new Changing();
    topic.segments(0);
    topic.set({ 'file.delete.delay.ms': '50' });
    topic.log.truncateFullyAndStartAt(0);
    const deleted = (): number => topic.made.disk.paths.filter((path) => path.endsWith('.log.deleted')).length;
    await topic.made.clock.advance(49);
    expect(deleted()).toBe(2);
    await topic.made.clock.advance(1);
    expect(deleted()).toBe(0);
  },
  'flush.messages'() {
    const topic = new Changing();
    topic.append();
    expect(topic.log.recoveryPoint).toBe(0);
    topic.set({ 'flush.messages': '2' });
    topic.append();
    expect(topic.log.recoveryPoint).toBe(2);
  },
  async 'flush.ms'() {
    const topic = new Changing();
    const scheduler = new FlushScheduler(topic.made.environment);
    const after = async (ms: number): Promise<number> => {
      await topic.made.clock.advance(ms);
      scheduler.run();
      await topic.made.clock.advance();
      return topic.log.recoveryPoint;
    };
    topic.append();
    expect(await after(100_000)).toBe(0);
    topic.set({ 'flush.ms': '3000' });
    expect(await after(1000)).toBe(0);
    expect(await after(3000)).toBe(1);
  },
  // As in Kafka a segment keeps what it began with.
  'index.interval.bytes'() {
    const topic = new Changing();
    for (let i = 0; i < 5; i++) topic.append();
    expect(topic.fileSize('.index')).toBe(0);
    topic.set({ 'index.interval.bytes': '0' });
    topic.log.roll();
    for (let i = 0; i < 5; i++) topic.append();
    expect(topic.fileSize('.index')).toBe(4 * 8);
  },
  'internal.segment.bytes'() {
    const topic = new Changing({ 'internal.segment.bytes': '10000' });
    topic.append();
    topic.set({ 'internal.segment.bytes': '100' });
    topic.append();
    expect(topic.log.segmentCount).toBe(2);
  },
  'max.compaction.lag.ms'() {
    const topic = new Changing({ 'cleanup.policy': 'compact' });
    topic.segments(5000);
    expect(topic.range().isOverdue).toBe(false);
    topic.set({ 'cleanup.policy': 'compact', 'max.compaction.lag.ms': '4000' });
    expect(topic.range().isOverdue).toBe(true);
  },
  'max.message.bytes'() {
    const topic = new Changing();
    expect(topic.append()).toBe('no error');
    topic.set({ 'max.message.bytes': '70' });
    expect(topic.append()).toBe(MESSAGE_TOO_LARGE);
  },
  'message.timestamp.after.max.ms'() {
    const topic = new Changing();
    expect(topic.append(-2000)).toBe('no error');
    topic.set({ 'message.timestamp.after.max.ms': '1999' });
    expect(topic.append(-2000)).toBe(INVALID_TIMESTAMP);
  },
  'message.timestamp.before.max.ms'() {
    const topic = new Changing();
    expect(topic.append(2000)).toBe('no error');
    topic.set({ 'message.timestamp.before.max.ms': '1999' });
    expect(topic.append(2000)).toBe(INVALID_TIMESTAMP);
  },
  'message.timestamp.type'() {
    const topic = new Changing();
    topic.append(2000);
    topic.set({ 'message.timestamp.type': 'LogAppendTime' });
    topic.append(3000);
    const times = [0, 1].map((offset) => batch.maxTimestamp(topic.log.read(offset, 1).records[0]!, 0));
    expect(times).toEqual([NOW_MS - 2000, NOW_MS]);
  },
  'min.cleanable.dirty.ratio'() {
    const topic = new Changing({ 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '1' });
    topic.segments(0, 0);
    expect(isWorthCleaning(topic.range(), topic.log.config)).toBe(false);
    topic.set({ 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.9' });
    expect(isWorthCleaning(topic.range(), topic.log.config)).toBe(true);
  },
  'min.compaction.lag.ms'() {
    const topic = new Changing({ 'cleanup.policy': 'compact' });
    topic.segments(5000, 100);
    expect(topic.range().firstUncleanableOffset).toBe(2);
    topic.set({ 'cleanup.policy': 'compact', 'min.compaction.lag.ms': '1000' });
    expect(topic.range().firstUncleanableOffset).toBe(1);
  },
  preallocate() {
    const topic = new Changing({ 'internal.segment.bytes': '5000' });
    topic.append();
    topic.set({ 'internal.segment.bytes': '5000', preallocate: 'true' });
    topic.log.roll();
    expect(topic.fileSize('.log')).toBe(5000);
  },
  'retention.bytes'() {
    const topic = new Changing();
    topic.segments(0, 0, 0);
    expect(topic.log.deleteOldSegments(NOW_MS)).toBe(0);
    topic.set({ 'retention.bytes': '100' });
    expect(topic.log.deleteOldSegments(NOW_MS)).toBe(1);
  },
  'retention.ms'() {
    const topic = new Changing();
    topic.segments(5000, 100);
    expect(topic.log.deleteOldSegments(NOW_MS)).toBe(0);
    topic.set({ 'retention.ms': '1000' });
    expect(topic.log.deleteOldSegments(NOW_MS)).toBe(1);
  },
  'segment.bytes'() {
    const topic = new Changing();
    const halfMiB = 'x'.repeat(600_000);
    topic.append(0, halfMiB);
    topic.append(0, halfMiB);
    expect(topic.log.segmentCount).toBe(1);
    topic.set({ 'segment.bytes': '1048576' });
    topic.append(0, halfMiB);
    expect(topic.log.segmentCount).toBe(2);
  },
  'segment.index.bytes'() {
    const topic = new Changing({ 'index.interval.bytes': '0' });
    for (let i = 0; i < 6; i++) topic.append();
    expect(topic.log.segmentCount).toBe(1);
    topic.set({ 'index.interval.bytes': '0', 'segment.index.bytes': '40' });
    topic.append();
    expect(topic.log.segmentCount).toBe(2);
  },
  // As in Kafka a segment keeps what it began with.
  'segment.jitter.ms'() {
    const topic = new Changing({}, { random: { int: (limit) => limit - 1, bytes: Buffer.alloc } });
    topic.set({ 'segment.ms': '1000', 'segment.jitter.ms': '300' });
    topic.append(5000);
    topic.append(5000 - 800);
    expect(topic.log.segmentCount).toBe(1);
    topic.log.roll();
    topic.append(4000);
    topic.append(4000 - 800);
    expect(topic.log.segmentCount).toBe(3);
  },
  'segment.ms'() {
    const topic = new Changing();
    topic.append(5000);
    topic.append(0);
    expect(topic.log.segmentCount).toBe(1);
    topic.set({ 'segment.ms': '1000' });
    topic.append(0);
    expect(topic.log.segmentCount).toBe(2);
  },
};

/** What leaders, followers and the controller obey, and the test of it. */
const elsewhere: Readonly<Record<string, readonly [file: string, test: string]>> = {
  'follower.replication.throttled.replicas': ['broker/replication.test.ts', 'followerThrottledReplicas'],
  'leader.replication.throttled.replicas': ['broker/replication.test.ts', 'leaderThrottledReplicas'],
  'min.insync.replicas': ['broker/produce-and-fetch.test.ts', 'with acks=all needs min.insync.replicas'],
  'unclean.leader.election.enable': ['metadata/isr-control.test.ts', "'unclean.leader.election.enable': 'true'"],
};

/** Refused as by a Kafka without tiered storage. */
const refused: Readonly<Record<string, string>> = { 'remote.storage.enable': 'true' };

/** Taken by a Kafka without tiered storage too, where nothing reads them: they say what becomes of remote segments. */
const onlyOfRemoteStorage = [
  'local.retention.bytes',
  'local.retention.ms',
  'remote.log.copy.disable',
  'remote.log.delete.on.disable',
];

describe('what the controller takes', () => {
  it('the log takes too: no broker may stumble over what is in the metadata', () => {
    const resolver = new ConfigResolver(1, {});
    let taken = 0;
    for (const { configs } of [...topicsWithEachConfig(), ...topicsWithConfigsTogether()]) {
      let set = EMPTY_IMAGE.configs.get(2, 'none');
      for (const { name, value } of configs) set = set.with(name, value);
      if (codeOf(() => checkTopicConfigs(resolver, EMPTY_IMAGE.configs, set)) !== 'no error') continue;
      taken++;
      expect(() => parseLogConfig(Object.fromEntries(set))).not.toThrow();
    }
    expect(taken).toBeGreaterThan(100);
  });
});

describe('every topic config of Apache Kafka', () => {
  it('has an effect, is refused, or speaks of remote segments, which there are none of', () => {
    const accounted = [effects, elsewhere, refused].flatMap((table) => Object.keys(table));
    accounted.push(...onlyOfRemoteStorage);
    expect(accounted.sort()).toEqual([...topicConfigs.keys()].sort());
  });

  it.each(Object.entries(effects))('%s counts as soon as it is set', async (_name, effect) => {
    await effect();
  });

  it.each(Object.entries(elsewhere))('%s has its own test', (_name, [file, test]) => {
    const url = new URL(`../${file}`, import.meta.url);
    expect(existsSync(url)).toBe(true);
    expect(readFileSync(url, 'utf8')).toContain(test);
  });

  it.each(Object.entries(refused))('%s is refused', (name, value) => {
    const resolver = new ConfigResolver(1, {});
    const set = EMPTY_IMAGE.configs.get(2, 'none').with(name, value);
    expect(codeOf(() => checkTopicConfigs(resolver, EMPTY_IMAGE.configs, set))).toBe(ErrorCode.INVALID_CONFIG);
  });
});
