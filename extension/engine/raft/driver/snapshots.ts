import { buildControlBatch, ControlRecordType, readControlRecords } from '../../../records/control-record.ts';
import { RecordBatchBuilder } from '../../../records/record-batch-builder.ts';
import { checkBatchBounds, checkCrc } from '../../../records/record-batch-validator.ts';
import { isControl, recordCount } from '../../../records/record-batch.ts';
import { RecordReader } from '../../../records/record-reader.ts';
import type { Clock } from '../../common/clock.ts';
import type { FileSystem } from '../../common/file-system.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';
import type { OffsetAndEpoch, SnapshotSource } from '../raft-ports.ts';
import type { VoterSet } from '../voter-set.ts';
import {
  decodeSnapshotHeader,
  kraftVersion,
  replayControlBatch,
  snapshotFooter,
  snapshotHeader,
  voters,
} from './control-records.ts';
import type { QuorumRecords } from './control-records.ts';

/**
 * Snapshots: `<end offset, 20 digits>-<epoch, 10 digits>.checkpoint`, record batches as in a log. A control batch opens one
 * with SnapshotHeader, and KRaftVersion and KRaftVoters where voters are kept in the log; another closes it with
 * SnapshotFooter: without it the file is not whole. While it is written the name ends in `.part`.
 */

const NAME = /^(\d{20})-(\d{10})\.checkpoint$/;
export const PART_SUFFIX = '.part';
const DELETED_SUFFIX = '.deleted';

/** Bytes handed to the disk at once, before other work gets a turn. */
const WRITE_CHUNK_BYTES = 1024 * 1024;

export function snapshotName(id: OffsetAndEpoch): string {
  return `${String(id.offset).padStart(20, '0')}-${String(id.epoch).padStart(10, '0')}.checkpoint`;
}

/** Snapshots in a metadata log's folder, oldest first; what half-done writes and deletions left is removed. */
export function listSnapshots(fileSystem: FileSystem, directory: string): OffsetAndEpoch[] {
  const found: OffsetAndEpoch[] = [];
  for (const name of fileSystem.readdirSync(directory)) {
    if (/\.checkpoint\.(part|deleted)/.test(name)) fileSystem.unlinkSync(`${directory}/${name}`);
    const match = NAME.exec(name);
    if (match !== null) found.push({ offset: Number(match[1]), epoch: Number(match[2]) });
  }
  return found.sort((a, b) => a.offset - b.offset || a.epoch - b.epoch);
}

export function deleteSnapshot(fileSystem: FileSystem, directory: string, id: OffsetAndEpoch): void {
  const path = `${directory}/${snapshotName(id)}`;
  fileSystem.renameSync(path, path + DELETED_SUFFIX);
  fileSystem.unlinkSync(path + DELETED_SUFFIX);
}

/** What opens a snapshot. */
export interface SnapshotOptions {
  readonly epoch: number;
  readonly lastContainedLogTimestampMs: number;
  readonly nowMs: number;
  readonly kraftVersion: number;
  readonly voters: VoterSet | undefined;
}

/** A snapshot's batches, one by one: header, one for each of `batches`, footer. */
export function* snapshotBatches(
  options: SnapshotOptions,
  batches: Iterable<readonly Buffer[]>,
): Generator<Buffer, void> {
  const { epoch, nowMs } = options;
  const opening = [snapshotHeader(options.lastContainedLogTimestampMs)];
  if (options.kraftVersion > 0) opening.push(kraftVersion(options.kraftVersion));
  if (options.kraftVersion > 0 && options.voters !== undefined) opening.push(voters(options.voters));
  yield buildControlBatch(opening, nowMs, { partitionLeaderEpoch: epoch });
  let offset = opening.length;
  for (const records of batches) {
    if (records.length === 0) continue;
    const builder = new RecordBatchBuilder({ baseOffset: offset, partitionLeaderEpoch: epoch });
    for (const value of records) builder.append({ value, timestamp: nowMs });
    yield builder.build();
    offset += records.length;
  }
  yield buildControlBatch([snapshotFooter()], nowMs, { baseOffset: offset, partitionLeaderEpoch: epoch });
}

/** Writes a small snapshot at once, durably. */
export function writeSnapshotSync(
  fileSystem: FileSystem,
  path: string,
  options: SnapshotOptions,
  batches: Iterable<readonly Buffer[]>,
): void {
  fileSystem.writeFileAtomicSync(path, Buffer.concat([...snapshotBatches(options, batches)]));
}

/** Writes a snapshot in pieces, so that a large one does not hold everything up; durable when it resolves. */
export async function writeSnapshot(
  ports: { readonly fileSystem: FileSystem; readonly clock: Clock },
  directory: string,
  id: OffsetAndEpoch,
  options: SnapshotOptions,
  batches: Iterable<readonly Buffer[]>,
): Promise<void> {
  const { fileSystem, clock } = ports;
  const path = `${directory}/${snapshotName(id)}`;
  const file = fileSystem.openSync(path + PART_SUFFIX, 'create');
  try {
    file.truncateSync(0);
    let position = 0;
    let pending: Buffer[] = [];
    let pendingBytes = 0;
    const flush = (): void => {
      file.writeSync(pending, position);
      position += pendingBytes;
      pending = [];
      pendingBytes = 0;
    };
    for (const batch of snapshotBatches(options, batches)) {
      pending.push(batch);
      pendingBytes += batch.length;
      if (pendingBytes < WRITE_CHUNK_BYTES) continue;
      flush();
      await new Promise<void>((resolve) => clock.defer(resolve));
    }
    flush();
    await file.sync();
  } catch (error) {
    file.close();
    fileSystem.unlinkSync(path + PART_SUFFIX);
    throw error;
  }
  file.close();
  fileSystem.renameSync(path + PART_SUFFIX, path);
  fileSystem.syncDirectorySync(directory);
}

/** A snapshot that was read and found whole. */
export interface LoadedSnapshot extends SnapshotSource {
  readonly quorum: QuorumRecords;
}

/**
 * Reads a snapshot and checks that it is whole.
 *
 * @throws RaftError CORRUPT_METADATA
 */
export function readSnapshot(fileSystem: FileSystem, path: string, id: OffsetAndEpoch): LoadedSnapshot {
  try {
    return parse(fileSystem.readFileSync(path), id);
  } catch (error) {
    throw new RaftError(
      RaftErrorCode.CORRUPT_METADATA,
      `Snapshot ${path} is damaged: ${(error as Error).message} Restore it from a copy; the directory was left as it is.`,
      { cause: error },
    );
  }
}

function parse(bytes: Buffer, id: OffsetAndEpoch): LoadedSnapshot {
  const quorum: QuorumRecords = { kraftVersion: 0, voters: undefined };
  const data: number[] = [];
  let timestamp: number | undefined;
  let isWhole = false;
  for (let at = 0; at < bytes.length;) {
    const size = checkBatchBounds(bytes, at, bytes.length);
    checkCrc(bytes, at);
    if (isWhole) throw new Error('Records follow its footer.');
    if (isControl(bytes, at)) {
      const records = readControlRecords(bytes, at);
      const header = records.find(({ type }) => type === ControlRecordType.snapshotHeader)?.value;
      if (header !== undefined && header !== null) timestamp = decodeSnapshotHeader(header);
      isWhole = records.some(({ type }) => type === ControlRecordType.snapshotFooter);
      replayControlBatch(quorum, bytes, at);
    } else {
      data.push(at);
    }
    if (timestamp === undefined) throw new Error('It does not begin with a header.');
    at += size;
  }
  if (timestamp === undefined || !isWhole) throw new Error('It ends before its footer.');
  return {
    id,
    lastContainedLogTimestampMs: timestamp,
    quorum,
    *batches() {
      for (const at of data) yield recordValues(bytes, at);
    },
  };
}

/** The values of a data batch's records. Throws RecordsError, also for a record without value. */
export function recordValues(bytes: Buffer, at = 0): Buffer[] {
  const reader = new RecordReader(bytes, at);
  const values: Buffer[] = [];
  while (reader.next()) {
    const value = reader.value();
    if (value === null) throw new Error(`Record ${values.length} of ${recordCount(bytes, at)} has no value.`);
    values.push(value);
  }
  return values;
}
