import { kraftVersionRecord } from '../../../protocol/generated/kraft-version-record.ts';
import { leaderChangeMessage } from '../../../protocol/generated/leader-change-message.ts';
import { snapshotFooterRecord } from '../../../protocol/generated/snapshot-footer-record.ts';
import { snapshotHeaderRecord } from '../../../protocol/generated/snapshot-header-record.ts';
import { votersRecord } from '../../../protocol/generated/voters-record.ts';
import { decodeMessage, encodeMessage } from '../../../protocol/message-type.ts';
import { ControlRecordType, readControlRecords } from '../../../records/control-record.ts';
import * as batch from '../../../records/record-batch.ts';
import { ZERO_UUID } from '../../common/random.ts';
import { VoterSet } from '../voter-set.ts';

/** The quorum's own records, which live in control batches of the metadata log and of snapshots. All have version 0. */
export interface EncodedControlRecord {
  readonly type: ControlRecordType;
  readonly value: Buffer;
}

const VERSION = 0;

export function leaderChange(
  leaderId: number,
  voters: readonly number[],
  granting: readonly number[],
): EncodedControlRecord {
  const message = {
    version: VERSION,
    leaderId,
    voters: voters.map((voterId) => ({ voterId })),
    grantingVoters: granting.map((voterId) => ({ voterId })),
  };
  return { type: ControlRecordType.leaderChange, value: encodeMessage(leaderChangeMessage, message, VERSION) };
}

export function kraftVersion(level: number): EncodedControlRecord {
  const value = encodeMessage(kraftVersionRecord, { version: VERSION, kRaftVersion: level }, VERSION);
  return { type: ControlRecordType.kraftVersion, value };
}

export function voters(set: VoterSet): EncodedControlRecord {
  const message = {
    version: VERSION,
    voters: set.nodes().map((voter) => ({
      voterId: voter.id,
      voterDirectoryId: voter.directoryId ?? ZERO_UUID,
      endpoints: voter.endpoints,
      kRaftVersionFeature: {
        minSupportedVersion: voter.minKRaftVersion,
        maxSupportedVersion: voter.maxKRaftVersion,
      },
    })),
  };
  return { type: ControlRecordType.kraftVoters, value: encodeMessage(votersRecord, message, VERSION) };
}

export function snapshotHeader(lastContainedLogTimestamp: number): EncodedControlRecord {
  const value = encodeMessage(snapshotHeaderRecord, { version: VERSION, lastContainedLogTimestamp }, VERSION);
  return { type: ControlRecordType.snapshotHeader, value };
}

export function snapshotFooter(): EncodedControlRecord {
  return {
    type: ControlRecordType.snapshotFooter,
    value: encodeMessage(snapshotFooterRecord, { version: VERSION }, VERSION),
  };
}

/** What control records say of the quorum; the last one of a kind counts. */
export interface QuorumRecords {
  kraftVersion: number;
  voters: VoterSet | undefined;
}

/** Takes in a control batch. Answers the kinds of records that it held. */
export function replayControlBatch(state: QuorumRecords, batch: Buffer, at = 0): readonly number[] {
  const records = readControlRecords(batch, at);
  for (const { type, value } of records) {
    if (value === null) continue;
    if (type === ControlRecordType.kraftVersion) {
      state.kraftVersion = decodeMessage(kraftVersionRecord, value, VERSION).kRaftVersion;
    } else if (type === ControlRecordType.kraftVoters) {
      state.voters = decodeVoters(value);
    }
  }
  return records.map(({ type }) => type);
}

/** What one batch changes of the quorum. */
export interface QuorumChange {
  /** Of the batch's last record. */
  readonly offset: number;
  readonly epoch: number;
  readonly kraftVersion?: number;
  readonly voters?: VoterSet;
}

/** Undefined for a batch that says nothing of versions and voters. */
export function quorumChange(bytes: Buffer, at: number): QuorumChange | undefined {
  if (!batch.isControl(bytes, at)) return undefined;
  const state: { kraftVersion: number; voters: VoterSet | undefined } = { kraftVersion: -1, voters: undefined };
  replayControlBatch(state, bytes, at);
  const { kraftVersion, voters } = state;
  if (kraftVersion < 0 && voters === undefined) return undefined;
  return {
    offset: batch.lastOffset(bytes, at),
    epoch: batch.partitionLeaderEpoch(bytes, at),
    ...(kraftVersion < 0 ? {} : { kraftVersion }),
    ...(voters === undefined ? {} : { voters }),
  };
}

export function decodeSnapshotHeader(value: Buffer): number {
  return decodeMessage(snapshotHeaderRecord, value, VERSION).lastContainedLogTimestamp;
}

function decodeVoters(value: Buffer): VoterSet {
  const message = decodeMessage(votersRecord, value, VERSION);
  return new VoterSet(
    message.voters.map((voter) => ({
      id: voter.voterId,
      directoryId: voter.voterDirectoryId,
      endpoints: voter.endpoints.map(({ name, host, port }) => ({ name, host, port })),
      minKRaftVersion: voter.kRaftVersionFeature.minSupportedVersion,
      maxKRaftVersion: voter.kRaftVersionFeature.maxSupportedVersion,
    })),
  );
}
