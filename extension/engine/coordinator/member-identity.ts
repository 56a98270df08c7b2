import type { Random } from '../common/random.ts';

/** A random uuid in the usual text form, as member ids end with one. */
export function memberUuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IP address as Java prints it, which is what group members show as their host: `/127.0.0.1`, `/0:0:0:0:0:0:0:1`. */
export function hostText(address: string): string {
  const mapped = IPV4_MAPPED.exec(address);
  if (mapped !== null) return `/${mapped[1]}`;
  if (!address.includes(':')) return `/${address}`;
  const [plain = '', scope] = address.split('%');
  const [head = '', tail] = plain.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(8 - before.length - after.length, 0) }, () => '0');
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  const text = groups.map((group) => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':');
  return `/${text}${scope === undefined ? '' : `%${scope}`}`;
}
