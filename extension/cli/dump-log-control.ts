import { kraftVersionRecord } from '../protocol/generated/kraft-version-record.ts';
import { leaderChangeMessage } from '../protocol/generated/leader-change-message.ts';
import { snapshotFooterRecord } from '../protocol/generated/snapshot-footer-record.ts';
import { snapshotHeaderRecord } from '../protocol/generated/snapshot-header-record.ts';
import { votersRecord } from '../protocol/generated/voters-record.ts';
import type { MessageType } from '../protocol/message-type.ts';
import { Reader } from '../protocol/reader.ts';
import { ControlRecordType } from '../records/control-record.ts';

/** Control records of the metadata log; each value begins with its version (int16). */
const TYPES: ReadonlyMap<number, { readonly label: string; readonly type: MessageType<unknown, unknown> }> = new Map([
  [
    ControlRecordType.leaderChange,
    { label: 'LeaderChange:', type: leaderChangeMessage as MessageType<unknown, unknown> },
  ],
  [
    ControlRecordType.snapshotHeader,
    { label: 'SnapshotHeader', type: snapshotHeaderRecord as MessageType<unknown, unknown> },
  ],
  [
    ControlRecordType.snapshotFooter,
    { label: 'SnapshotFooter', type: snapshotFooterRecord as MessageType<unknown, unknown> },
  ],
  [
    ControlRecordType.kraftVersion,
    { label: 'KRaftVersion', type: kraftVersionRecord as MessageType<unknown, unknown> },
  ],
  [ControlRecordType.kraftVoters, { label: 'KRaftVoters', type: votersRecord as MessageType<unknown, unknown> }],
]);

/** `LeaderChange: {…}`, `SnapshotHeader {…}` and their like; a type that is not known is only named. */
export function readKRaftControlRecord(type: number, value: Buffer): string {
  const known = TYPES.get(type);
  if (known === undefined || value.length < 2) return `controlType: UNKNOWN(${type})`;
  const version = value.readInt16BE(0);
  const data = known.type.read(new Reader(value, 0), version) as object;
  const text = JSON.stringify(data, (key, item: unknown) => (key === 'unknownTaggedFields' ? undefined : item));
  return `${known.label} ${text}`;
}
