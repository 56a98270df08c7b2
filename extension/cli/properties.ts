/**
 * Reads the text of a Java `.properties` file: `key=value`, `key: value` or `key value`, `#` and `!` comments, a backslash
 * joins lines and escapes characters.
 */
export function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of logicalLines(text)) {
    const { key, value } = split(line);
    properties.set(unescape(key), unescape(value));
  }
  return properties;
}

function logicalLines(text: string): string[] {
  const lines: string[] = [];
  let open = '';
  for (const raw of text.split(/\r\n|\r|\n/)) {
    const line = raw.replace(/^[ \t\f]+/, '');
    if (open === '' && (line === '' || line.startsWith('#') || line.startsWith('!'))) continue;
    const slashes = /\\*$/.exec(line)![0].length;
    if (slashes % 2 === 1) {
      open += line.slice(0, -1);
      continue;
    }
    lines.push(open + line);
    open = '';
  }
  if (open !== '') lines.push(open);
  return lines;
}

function split(line: string): { key: string; value: string } {
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === '\\') {
      i += 1;
    } else if (/[=: \t\f]/.test(char)) {
      const rest = line.slice(i).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
      return { key: line.slice(0, i), value: rest };
    }
  }
  return { key: line, value: '' };
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescape(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, hex: string | undefined, char: string | undefined) =>
    hex === undefined ? (ESCAPES[char!] ?? char!) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/**
 * Reads `key=value` pairs as given on the command line; a pair without value sets the empty text.
 *
 * @throws TypeError when a pair has no `=`
 */
export function parsePairs(pairs: readonly string[]): Map<string, string> {
  const properties = new Map<string, string>();
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals <= 0) throw new TypeError(`Invalid command line properties: ${pair}`);
    properties.set(pair.slice(0, equals), pair.slice(equals + 1));
  }
  return properties;
}
