import {
  consumerProtocolAssignment,
  type ConsumerProtocolAssignment,
} from '../protocol/generated/consumer-protocol-assignment.ts';
import { consumerProtocolSubscription } from '../protocol/generated/consumer-protocol-subscription.ts';
import { Reader } from '../protocol/reader.ts';
import { Writer } from '../protocol/writer.ts';
import { byTopic, type TopicPartition } from './leader-routing.ts';

/**
 * What consumers of one classic group write to each other through the coordinator, which never looks inside: an int16
 * version, then the message. A version above ours is read as ours; what follows is left out.
 */

const ASSIGNMENT_VERSION = 1;
const SUBSCRIPTION_VERSION = 1;

export function encodeSubscription(topics: readonly string[]): Buffer {
  const writer = new Writer();
  writer.int16(SUBSCRIPTION_VERSION);
  consumerProtocolSubscription.write(writer, { topics, userData: null, ownedPartitions: [] }, SUBSCRIPTION_VERSION);
  return writer.toBuffer();
}

/** @throws ProtocolError when the bytes are no subscription */
export function decodeSubscription(bytes: Buffer): string[] {
  const reader = new Reader(bytes);
  const version = Math.min(reader.int16(), consumerProtocolSubscription.highestVersion);
  return consumerProtocolSubscription.read(reader, version).topics;
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const writer = new Writer();
  writer.int16(ASSIGNMENT_VERSION);
  const assignedPartitions = [...byTopic(partitions)].map(([topic, items]) => ({
    topic,
    partitions: items.map(({ partition }) => partition),
  }));
  consumerProtocolAssignment.write(writer, { assignedPartitions, userData: null }, ASSIGNMENT_VERSION);
  return writer.toBuffer();
}

/** An empty buffer is no assignment at all. Throws ProtocolError when the bytes are not an assignment. */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return [];
  const reader = new Reader(bytes);
  const version = Math.min(reader.int16(), consumerProtocolAssignment.highestVersion);
  const assignment: ConsumerProtocolAssignment = consumerProtocolAssignment.read(reader, version);
  return assignment.assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}
