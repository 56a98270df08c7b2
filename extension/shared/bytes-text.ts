import type { BytesFormat, BytesPreview } from './messages-contract.ts';

/** Keys and values as people read them. */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** The characters that text does not hold: controls but tab, line feed, carriage return. */
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** The text that the bytes are, or undefined where they are none: not UTF-8, or with control characters. */
export function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = strict.decode(bytes);
    return CONTROLS.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

/** The first characters on one line: text where it is, else hex pairs. */
export function previewBytes(bytes: Uint8Array, maxCharacters: number): BytesPreview {
  const sizeBytes = bytes.length;
  const text = asText(cutAtCharacter(bytes, maxCharacters * 4));
  if (text === undefined) {
    const shown = bytes.subarray(0, Math.floor(maxCharacters / 3));
    return { text: hexPairs(shown) + (shown.length < sizeBytes ? ' …' : ''), binary: true, sizeBytes };
  }
  const line = text.slice(0, maxCharacters).replace(/\s+/g, ' ');
  const isWhole = text.length <= maxCharacters && sizeBytes <= maxCharacters * 4;
  return { text: isWhole ? line : `${line}…`, binary: false, sizeBytes };
}

/** At most `limit` bytes, without half a UTF-8 character at the end. */
export function cutAtCharacter(bytes: Uint8Array, limit: number): Uint8Array {
  if (bytes.length <= limit) return bytes;
  let end = limit;
  while (end > 0 && end > limit - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end);
}

/** JSON for an object or array, text for other text, else hex. */
export function guessFormat(bytes: Uint8Array): BytesFormat {
  const text = asText(bytes);
  if (text === undefined) return 'hex';
  return /^\s*[[{]/.test(text) && asJson(text) !== undefined ? 'json' : 'text';
}

/** Bytes in one of the three ways. JSON that does not parse is given as text. */
export function formatBytesAs(bytes: Uint8Array, format: BytesFormat, hexBytesPerLine = 16): string {
  if (format === 'hex') return hexDump(bytes, hexBytesPerLine).join('\n');
  const text = lenient.decode(bytes);
  return format === 'json' ? (asJson(text) ?? text) : text;
}

/** Indented JSON with every number as it was written, or undefined when it does not parse. */
export function asJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    return indentJson(text);
  } catch {
    return undefined;
  }
}

/** Indents valid JSON without reading its numbers: 64-bit ids stay what they are. */
function indentJson(text: string): string {
  let out = '';
  let depth = 0;
  const newLine = (): string => `\n${'  '.repeat(depth)}`;
  const tokens = text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/gs);
  let previous = '';
  for (const [token] of tokens) {
    if (token === '{' || token === '[') {
      out += (previous === '{' || previous === '[' ? newLine() : '') + token;
      depth++;
    } else if (token === '}' || token === ']') {
      depth--;
      out += (previous === '{' || previous === '[' ? '' : newLine()) + token;
    } else if (token === ',') {
      out += token + newLine();
    } else if (token === ':') {
      out += ': ';
    } else {
      out += (previous === '{' || previous === '[' ? newLine() : '') + token;
    }
    previous = token;
  }
  return out;
}

/** Lines of position, pairs, and what is printable of them. */
export function hexDump(bytes: Uint8Array, bytesPerLine: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesPerLine) {
    const part = bytes.subarray(at, at + bytesPerLine);
    const pairs = hexPairs(part).padEnd(bytesPerLine * 3 - 1);
    lines.push(`${at.toString(16).padStart(8, '0')}  ${pairs}  ${Array.from(part, printable).join('')}`);
  }
  return lines;
}

export function hexPairs(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** The ASCII character of a byte, or a middle dot. */
export function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
}
