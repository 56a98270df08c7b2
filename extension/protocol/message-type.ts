import { ProtocolError, ProtocolErrorCode } from './protocol-error.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/**
 * One of Kafka's messages: what reads and writes it, and in which versions it exists. `T` is what reading gives, `I` what
 * writing takes (fields with a default may be left out).
 */
export interface MessageType<T, I> {
  readonly name: string;
  /** The API key of a request or response, the record type of a metadata or coordinator record, -1 of other data. */
  readonly apiKey: number;
  readonly lowestVersion: number;
  readonly highestVersion: number;
  /** First version with compact lengths and tagged fields (KIP-482); past `highestVersion` when there is none. */
  readonly firstFlexibleVersion: number;
  read(reader: Reader, version: number): T;
  write(writer: Writer, message: I, version: number): void;
}

/** Any message type, for code that treats all alike. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a message type is contravariant in what it writes
export type AnyMessageType = MessageType<any, any>;

/**
 * Reads a message that fills `bytes` exactly.
 *
 * @throws ProtocolError when the bytes are not such a message, or more follow it
 */
export function decodeMessage<T, I>(type: MessageType<T, I>, bytes: Buffer, version: number): T {
  const reader = new Reader(bytes);
  const message = type.read(reader, version);
  reader.expectEnd(`${type.name} version ${version}`);
  return message;
}

/** @throws ProtocolError when the message does not fit the version */
export function encodeMessage<T, I>(type: MessageType<T, I>, message: I, version: number): Buffer {
  const writer = new Writer();
  type.write(writer, message, version);
  return writer.toBuffer();
}

/** Refuses a version that the definitions do not hold. */
export function checkVersion(
  type: { name: string; lowestVersion: number; highestVersion: number },
  version: number,
): void {
  if (version < type.lowestVersion || version > type.highestVersion) {
    throw new ProtocolError(
      ProtocolErrorCode.UNSUPPORTED_VERSION,
      `${type.name} has versions ${type.lowestVersion} to ${type.highestVersion}, not ${version}`,
    );
  }
}
