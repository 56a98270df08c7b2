import { ErrorCode } from '../../protocol/errors.ts';
import type { CompressionType } from '../../records/compression-type.ts';
import { NO_TIMESTAMP } from '../../records/record-batch-layout.ts';
import * as batch from '../../records/record-batch.ts';
import { RecordBatchBuilder } from '../../records/record-batch-builder.ts';
import {
  checkBatchBounds,
  checkClientBatch,
  checkCrc,
  checkPlainRecords,
} from '../../records/record-batch-validator.ts';
import { RecordReader } from '../../records/record-reader.ts';
import { ApiError } from '../common/api-error.ts';
import { InvalidRecordsError } from './invalid-records-error.ts';
import type { LogConfig } from './log-config.ts';
import type { AppendOrigin, RecordIssue } from './partition-log.ts';

/** Rules for what a leader takes in. */
export interface LeaderRules {
  readonly config: LogConfig;
  readonly origin: AppendOrigin;
  readonly nowMs: number;
  /** `topic-partition`, for messages. */
  readonly name: string;
}

/**
 * Checks records before a leader appends them; nothing is changed. Answers the records to append: those given, or the
 * same recompressed where the topic demands a codec.
 *
 * @throws ApiError as `PartitionLog.appendAsLeader`; RecordsError from below
 */
export function validateForLeader(records: Buffer, rules: LeaderRules): Buffer {
  if (records.length === 0) throw new ApiError(ErrorCode.INVALID_RECORD, 'There is no record batch to append.');
  for (let at = 0; at < records.length;) {
    const size = checkBatchBounds(records, at, records.length);
    checkSize(size, rules.config);
    checkCrc(records, at);
    if (rules.origin === 'client') checkFromClient(records, at, size, rules);
    at += size;
  }
  const { compression } = rules.config;
  if (compression === undefined || rules.origin === 'raft') return records;
  return recompress(records, compression, rules.config);
}

function checkSize(sizeBytes: number, config: LogConfig): void {
  if (sizeBytes <= config.maxMessageSizeBytes) return;
  throw new ApiError(
    ErrorCode.MESSAGE_TOO_LARGE,
    `The record batch size in the append is ${sizeBytes} bytes which exceeds the maximum configured value of ` +
      `${config.maxMessageSizeBytes} (max.message.bytes).`,
  );
}

function checkFromClient(records: Buffer, at: number, size: number, rules: LeaderRules): void {
  if (at > 0 || size !== records.length) {
    throw new ApiError(ErrorCode.INVALID_RECORD, 'A produce request may hold only one record batch per partition.');
  }
  const baseOffset = batch.baseOffset(records, at);
  if (baseOffset !== 0) {
    throw new ApiError(
      ErrorCode.INVALID_RECORD,
      `The baseOffset of the record batch in the append to ${rules.name} should be 0, but it is ${baseOffset}`,
    );
  }
  checkClientBatch(records, at);
  if (batch.codecId(records, at) === 0) checkPlainRecords(records, at);
  if (!headerSuffices(records, at, rules)) checkEachRecord(records, at, rules);
}

/** Whether the header alone shows that timestamps are in range and no key can be missing. */
function headerSuffices(records: Buffer, at: number, { config, nowMs }: LeaderRules): boolean {
  if (config.isCompacted) return false;
  if (batch.isLogAppendTime(records, at)) return false;
  if (config.isLogAppendTime) return true;
  return config.timestampBeforeMaxMs >= nowMs && batch.maxTimestamp(records, at) <= nowMs + config.timestampAfterMaxMs;
}

/** Opens the batch and looks at each record, so that the producer learns which ones are wrong. */
function checkEachRecord(records: Buffer, at: number, rules: LeaderRules): void {
  const issues: RecordIssue[] = [];
  let code: number = ErrorCode.NONE;
  const producerStamped = !batch.isLogAppendTime(records, at);
  const reader = new RecordReader(records, at);
  for (let batchIndex = 0; reader.next(); batchIndex++) {
    let message: string | undefined;
    let issueCode: number = ErrorCode.INVALID_RECORD;
    if (rules.config.isCompacted && reader.keyLength < 0) {
      message = `Compacted topic cannot accept message without key in topic partition ${rules.name}.`;
    } else if (!producerStamped) {
      message = 'Invalid timestamp type: a producer should not set LogAppendTime.';
      issueCode = ErrorCode.INVALID_TIMESTAMP;
    } else {
      message = timestampIssue(reader.timestamp, batchIndex, rules);
      issueCode = ErrorCode.INVALID_TIMESTAMP;
    }
    if (message === undefined) continue;
    if (code === ErrorCode.NONE) code = issueCode;
    issues.push({ batchIndex, message });
  }
  if (issues.length > 0) throw rejected(code, issues);
}

function timestampIssue(timestampMs: number, index: number, { config, nowMs }: LeaderRules): string | undefined {
  if (config.isLogAppendTime || timestampMs === NO_TIMESTAMP) return undefined;
  const earliest = nowMs - config.timestampBeforeMaxMs;
  const latest = nowMs + config.timestampAfterMaxMs;
  if (timestampMs >= earliest && timestampMs <= latest) return undefined;
  return (
    `Timestamp ${timestampMs} of message with offset ${index} is out of range. The timestamp should be within ` +
    `[${Math.max(earliest, 0)}, ${latest}]`
  );
}

function rejected(code: number, issues: readonly RecordIssue[]): InvalidRecordsError {
  if (code === ErrorCode.INVALID_TIMESTAMP) {
    return new InvalidRecordsError(code, 'One or more records have been rejected due to invalid timestamp', issues);
  }
  const first = issues.slice(0, 3).map((issue) => issue.message);
  return new InvalidRecordsError(
    code,
    `One or more records have been rejected due to ${issues.length} record errors in total: ${first.join(' ')}`,
    issues,
  );
}

/** Writes batches of another codec again with the topic's own. Control batches stay as they are. */
function recompress(records: Buffer, compression: CompressionType, config: LogConfig): Buffer {
  const batches: Buffer[] = [];
  let changed = false;
  for (let at = 0; at < records.length;) {
    const size = batch.batchSize(records, at);
    if (batch.codecId(records, at) === compression || batch.isControl(records, at)) {
      batches.push(records.subarray(at, at + size));
    } else {
      changed = true;
      const rewritten = rewrite(records, at, compression, config.compressionLevel);
      checkSize(rewritten.length, config);
      batches.push(rewritten);
    }
    at += size;
  }
  return changed ? Buffer.concat(batches) : records;
}

function rewrite(records: Buffer, at: number, compression: CompressionType, level: number | undefined): Buffer {
  const builder = new RecordBatchBuilder({
    compression,
    ...(level === undefined ? {} : { compressionLevel: level }),
    baseOffset: batch.baseOffset(records, at),
    partitionLeaderEpoch: batch.partitionLeaderEpoch(records, at),
    producerId: batch.producerId(records, at),
    producerEpoch: batch.producerEpoch(records, at),
    baseSequence: batch.baseSequence(records, at),
    isTransactional: batch.isTransactional(records, at),
  });
  const reader = new RecordReader(records, at);
  while (reader.next()) builder.append(reader.record());
  return builder.build();
}
