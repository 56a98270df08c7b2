/** Text of a key, value or header, as a Java deserializer and `toString` would give it; null for null. */
export type Deserializer = (bytes: Buffer) => string | Buffer;

/** @throws Error when the bytes do not have the size that the type has */
function sized(name: string, size: number, read: (bytes: Buffer) => string): Deserializer {
  return (bytes) => {
    if (bytes.length !== size) throw new Error(`Size of data received by ${name} is not ${size}`);
    return read(bytes);
  };
}

/** Digits as Java writes them: `1.0` where JavaScript writes `1`. */
function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  return Number.isInteger(value) && Math.abs(value) < 1e7 ? value.toFixed(1) : String(value);
}

const DESERIALIZERS: Readonly<Record<string, Deserializer>> = {
  StringDeserializer: (bytes) => bytes,
  ByteArrayDeserializer: (bytes) => bytes,
  ByteBufferDeserializer: (bytes) => bytes,
  BytesDeserializer: printable,
  ShortDeserializer: sized('ShortDeserializer', 2, (bytes) => String(bytes.readInt16BE())),
  IntegerDeserializer: sized('IntegerDeserializer', 4, (bytes) => String(bytes.readInt32BE())),
  LongDeserializer: sized('LongDeserializer', 8, (bytes) => String(bytes.readBigInt64BE())),
  FloatDeserializer: sized('FloatDeserializer', 4, (bytes) => javaDouble(Number(bytes.readFloatBE().toPrecision(8)))),
  DoubleDeserializer: sized('DoubleDeserializer', 8, (bytes) => javaDouble(bytes.readDoubleBE())),
  BooleanDeserializer: sized('BooleanDeserializer', 1, (bytes) => String(bytes[0] === 1)),
  UUIDDeserializer: (bytes) => bytes,
  VoidDeserializer: () => 'null',
};

/** Printable ASCII as it is, other bytes as `\xNN`, as Kafka's `Bytes` shows itself. */
function printable(bytes: Buffer): string {
  let text = '';
  for (const byte of bytes) {
    text += byte >= 0x20 && byte <= 0x7e && byte !== 0x5c ? String.fromCharCode(byte) : `\\x${hex(byte)}`;
  }
  return text;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

/** The deserializer of a Java class name. Throws Error for a class that only Java has. */
export function deserializer(className: string): Deserializer {
  const known = DESERIALIZERS[className.replace(/^org\.apache\.kafka\.common\.serialization\./, '')];
  if (known !== undefined) return known;
  throw new Error(
    `The deserializer ${className} is not known here; there are ${Object.keys(DESERIALIZERS).join(', ')}`,
  );
}
