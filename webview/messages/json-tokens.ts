export type JsonTokenKind = 'name' | 'string' | 'number' | 'word' | 'other';

export interface JsonToken {
  readonly kind: JsonTokenKind;
  readonly text: string;
}

/** Beyond it colours cost more than they give. */
const MAX_COLOURED_CHARACTERS = 100_000;

/** Splits indented JSON for colouring; what is joined is the text itself. */
export function jsonTokens(text: string): readonly JsonToken[] {
  if (text.length > MAX_COLOURED_CHARACTERS) return [{ kind: 'other', text }];
  const tokens: JsonToken[] = [];
  const pattern = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)/g;
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > end) tokens.push({ kind: 'other', text: text.slice(end, match.index) });
    const [whole, quoted, colon, number] = match;
    if (quoted !== undefined) {
      tokens.push({ kind: colon === undefined ? 'string' : 'name', text: quoted });
      if (colon !== undefined) tokens.push({ kind: 'other', text: colon });
    } else {
      tokens.push({ kind: number === undefined ? 'word' : 'number', text: whole });
    }
    end = match.index + whole.length;
  }
  if (end < text.length) tokens.push({ kind: 'other', text: text.slice(end) });
  return tokens;
}
