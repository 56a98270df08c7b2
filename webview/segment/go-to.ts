/** Where somebody wants to go: a byte of the file, or a Kafka offset. */
export type Target =
  { readonly kind: 'position'; readonly at: number } | { readonly kind: 'offset'; readonly offset: number };

/** Reads `1234`, `1,234`, `0x4d2`, `@48210`; undefined for anything else. */
export function parseTarget(text: string): Target | undefined {
  const given = text.trim().replaceAll(/[,_\s]/g, '');
  if (/^0x[0-9a-f]{1,13}$/i.test(given)) return { kind: 'position', at: parseInt(given, 16) };
  if (/^\d{1,15}$/.test(given)) return { kind: 'position', at: Number(given) };
  const offset = /^@(\d{1,15})$/.exec(given);
  return offset === null ? undefined : { kind: 'offset', offset: Number(offset[1]) };
}
