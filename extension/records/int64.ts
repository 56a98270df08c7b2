const TWO_32 = 0x1_0000_0000;

/** The 64-bit integer at `position` as a number; past 2^53 - 1 the nearest double (2^63 for the largest). */
export function readInt64(buffer: Buffer, position: number): number {
  return buffer.readInt32BE(position) * TWO_32 + buffer.readUInt32BE(position + 4);
}

/** Writes a safe integer, or 2^63 and above as the largest and -2^63 as the smallest 64-bit value. */
export function writeInt64(buffer: Buffer, value: number, position: number): void {
  if (value >= 2 ** 63) {
    buffer.writeInt32BE(0x7fffffff, position);
    buffer.writeUInt32BE(0xffffffff, position + 4);
    return;
  }
  const high = Math.floor(value / TWO_32);
  buffer.writeInt32BE(high, position);
  buffer.writeUInt32BE(value - high * TWO_32, position + 4);
}
