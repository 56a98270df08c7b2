import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface Vector {
  readonly version: number;
  /** EMPTY, TYPICAL, RANDOM, EXTREME, NULLS, TAGS, UNSAFE: see scripts/golden/GoldenVectors.java. */
  readonly kind: string;
  readonly bytes: Buffer;
}

/** Bytes that Apache Kafka 4.3.1 wrote, by message. */
export function readVectors(): Map<string, Vector[]> {
  const vectors = new Map<string, Vector[]>();
  const packed = readFileSync(new URL('../../fixtures/protocol/golden-vectors.txt.gz', import.meta.url));
  for (const line of gunzipSync(packed).toString().trimEnd().split('\n')) {
    const [name, version, kind, hex] = line.split(' ');
    let list = vectors.get(name!);
    if (list === undefined) vectors.set(name!, (list = []));
    list.push({ version: Number(version), kind: kind!, bytes: Buffer.from(hex ?? '', 'hex') });
  }
  return vectors;
}
