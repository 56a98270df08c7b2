import { isControl } from '../../../records/record-batch.ts';
import type { FileSystem } from '../../common/file-system.ts';
import { replayControlBatch } from './control-records.ts';
import type { QuorumRecords } from './control-records.ts';
import { METADATA_LOG } from './format-directory.ts';
import { readSnapshot } from './snapshots.ts';

/** Base offset and length before what the length counts. */
const LOG_OVERHEAD = 12;
/** Of a batch without records. */
const MIN_BATCH_BYTES = 61;

const SNAPSHOT = /^(\d{20})-(\d{10})\.checkpoint$/;
const SEGMENT = /^\d{20}\.log$/;

/**
 * Who votes according to a log directory's metadata log, looked up without opening it: ids, ascending; undefined where the log
 * says nothing. What was not committed counts as well, and the end of a torn log does not matter.
 *
 * @throws RaftError CORRUPT_METADATA
 */
export function readStoredVoters(fileSystem: FileSystem, logDir: string): readonly number[] | undefined {
  const directory = `${logDir}/${METADATA_LOG}`;
  if (!fileSystem.existsSync(directory)) return undefined;
  const names = fileSystem.readdirSync(directory).sort();
  const quorum: QuorumRecords = { kraftVersion: 0, voters: undefined };
  const snapshot = names.findLast((name) => SNAPSHOT.test(name));
  const [, offset, epoch] = SNAPSHOT.exec(snapshot ?? '') ?? [];
  if (snapshot !== undefined) {
    const id = { offset: Number(offset), epoch: Number(epoch) };
    Object.assign(quorum, readSnapshot(fileSystem, `${directory}/${snapshot}`, id).quorum);
  }
  for (const name of names.filter((each) => SEGMENT.test(each))) {
    replaySegment(fileSystem.readFileSync(`${directory}/${name}`), BigInt(offset ?? 0), quorum);
  }
  return quorum.voters?.ids();
}

function replaySegment(bytes: Buffer, fromOffset: bigint, quorum: QuorumRecords): void {
  let at = 0;
  while (at + MIN_BATCH_BYTES <= bytes.length) {
    const end = at + LOG_OVERHEAD + bytes.readInt32BE(at + 8);
    if (end < at + MIN_BATCH_BYTES || end > bytes.length) return;
    const isNewer = bytes.readBigInt64BE(at) >= fromOffset;
    if (isNewer && isControl(bytes, at)) replayControlBatch(quorum, bytes, at);
    at = end;
  }
}
