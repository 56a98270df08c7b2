import { describe, expect, it } from 'vitest';
import { ErrorCode } from '../../../../extension/protocol/errors.ts';
import { parseLogConfig } from '../../../../extension/engine/log/log-config.ts';
import { CompressionType } from '../../../../extension/records/compression-type.ts';
import { codeOf } from './log-fixture.ts';

describe('topic configs of a log', () => {
  it('have Kafka’s defaults', () => {
    expect(parseLogConfig({})).toEqual({
      segmentSizeBytes: 1073741824,
      segmentMs: 604800000,
      segmentJitterMs: 0,
      segmentIndexSizeBytes: 10485760,
      indexIntervalBytes: 4096,
      flushMessages: 2 ** 63,
      flushMs: 2 ** 63,
      retentionSizeBytes: -1,
      retentionMs: 604800000,
      fileDeleteDelayMs: 60000,
      deleteRetentionMs: 86400000,
      minCompactionLagMs: 0,
      maxCompactionLagMs: 2 ** 63,
      minCleanableDirtyRatio: 0.5,
      isCompacted: false,
      isDeleted: true,
      maxMessageSizeBytes: 1048588,
      isLogAppendTime: false,
      timestampBeforeMaxMs: 2 ** 63,
      timestampAfterMaxMs: 3600000,
      compression: undefined,
      compressionLevel: undefined,
      preallocate: false,
    });
  });

  it('take what Kafka writes, the largest number included', () => {
    const config = parseLogConfig({
      'cleanup.policy': 'compact, delete',
      'compression.type': 'zstd',
      'compression.zstd.level': '-7',
      'compression.gzip.level': '9',
      'flush.messages': '9223372036854775807',
      'internal.segment.bytes': '1000',
      'segment.bytes': '1048576',
      'message.timestamp.type': 'LogAppendTime',
      preallocate: 'TRUE',
      'min.cleanable.dirty.ratio': '0.25',
    });
    expect(config).toMatchObject({
      isCompacted: true,
      isDeleted: true,
      compression: CompressionType.zstd,
      compressionLevel: -7,
      flushMessages: 2 ** 63,
      segmentSizeBytes: 1000,
      isLogAppendTime: true,
      preallocate: true,
      minCleanableDirtyRatio: 0.25,
    });
    expect(parseLogConfig({ 'cleanup.policy': '' })).toMatchObject({ isCompacted: false, isDeleted: false });
    expect(parseLogConfig({ 'compression.type': 'uncompressed' }).compression).toBe(CompressionType.none);
  });

  it.each([
    ['segment.bytes', '12x'],
    ['segment.ms', '0'],
    ['retention.ms', '-2'],
    ['flush.messages', ''],
    ['flush.messages', '9223372036854775807000'],
    ['max.message.bytes', '-1'],
    ['min.cleanable.dirty.ratio', '1.1'],
    ['min.cleanable.dirty.ratio', ''],
    ['cleanup.policy', 'shred'],
    ['compression.type', 'brotli'],
    ['compression.gzip.level', '0'],
    ['compression.zstd.level', '23'],
    ['message.timestamp.type', 'Never'],
    ['preallocate', 'maybe'],
  ])('refuse %s=%s', (name, value) => {
    expect(codeOf(() => parseLogConfig({ [name]: value }))).toBe(ErrorCode.INVALID_CONFIG);
    expect(() => parseLogConfig({ [name]: value })).toThrow(name);
  });
});
