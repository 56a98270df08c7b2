import type { RecordToProduce } from '../client/producer.ts';

/** A line that does not have the parts that were asked for. */
export class LineError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LineError';
  }
}

/**
 * Makes records of lines the way `kafka-console-producer` does: `headers TAB key TAB value`, where headers and key are only
 * looked for with `parse.headers` and `parse.key`. Bytes that are not UTF-8 stay as they are.
 */
export class LineMessageReader {
  readonly #parsesKey: boolean;
  readonly #parsesHeaders: boolean;
  readonly #ignoresErrors: boolean;
  readonly #keySeparator: string;
  readonly #headersDelimiter: string;
  readonly #headersSeparator: string;
  readonly #headersKeySeparator: string;
  readonly #nullMarker: string | undefined;
  #lineNumber = 0;

  /** @throws LineError for properties that contradict each other */
  constructor(properties: ReadonlyMap<string, string>) {
    const text = (name: string, fallback: string): string => bytesAsText(Buffer.from(properties.get(name) ?? fallback));
    const flag = (name: string): boolean => properties.get(name)?.trim().toLowerCase() === 'true';
    this.#parsesKey = flag('parse.key');
    this.#parsesHeaders = flag('parse.headers');
    this.#ignoresErrors = flag('ignore.error');
    this.#keySeparator = text('key.separator', '\t');
    this.#headersDelimiter = text('headers.delimiter', '\t');
    this.#headersSeparator = text('headers.separator', ',');
    this.#headersKeySeparator = text('headers.key.separator', ':');
    this.#nullMarker = properties.has('null.marker') ? text('null.marker', '') : undefined;
    this.#check();
  }

  #check(): void {
    const separators: [string, string][] = [
      ['headers.delimiter', this.#headersDelimiter],
      ['headers.separator', this.#headersSeparator],
      ['headers.key.separator', this.#headersKeySeparator],
    ];
    for (const [name, text] of separators) {
      const twin = separators.find(([other, same]) => other > name && same === text);
      if (this.#parsesHeaders && twin !== undefined) throw new LineError(`${name} and ${twin[0]} may not be equal`);
      if (this.#nullMarker === text) throw new LineError(`null.marker and ${name} may not be equal`);
    }
    if (this.#nullMarker === this.#keySeparator) throw new LineError('null.marker and key.separator may not be equal');
  }

  /** @throws LineError when a separator is missing, unless ignore.error is set: then the line is all value */
  read(line: Buffer): RecordToProduce {
    this.#lineNumber += 1;
    if (!this.#parsesKey && !this.#parsesHeaders && this.#nullMarker === undefined) return { value: line };
    const text = bytesAsText(line);
    const headers = this.#parsesHeaders ? this.#until(text, 0, this.#headersDelimiter, 'headers delimiter') : null;
    const afterHeaders = headers === null ? 0 : headers.length + this.#headersDelimiter.length;
    const key = this.#parsesKey ? this.#until(text, afterHeaders, this.#keySeparator, 'key separator') : null;
    const afterKey = afterHeaders + (key === null ? 0 : key.length + this.#keySeparator.length);
    return {
      key: this.#field(key),
      value: this.#field(text.slice(afterKey)),
      headers: headers === null || headers === this.#nullMarker ? [] : this.#headers(headers),
    };
  }

  #until(text: string, from: number, separator: string, what: string): string | null {
    const at = text.indexOf(separator, from);
    if (at >= 0) return text.slice(from, at);
    if (this.#ignoresErrors) return null;
    throw new LineError(`No ${what} found on line number ${this.#lineNumber}: '${shown(text)}'`);
  }

  #field(text: string | null): Buffer | null {
    return text === null || text === this.#nullMarker ? null : textAsBytes(text);
  }

  #headers(text: string): { key: string; value: Buffer | null }[] {
    return text.split(this.#headersSeparator).map((pair) => {
      const at = pair.indexOf(this.#headersKeySeparator);
      if (at < 0 && !this.#ignoresErrors) {
        throw new LineError(
          `No header key separator found in pair '${shown(pair)}' on line number ${this.#lineNumber}`,
        );
      }
      const key = at < 0 ? pair : pair.slice(0, at);
      if (key === this.#nullMarker)
        throw new LineError(`Header keys should not be equal to the null marker '${shown(key)}'`);
      return { key: shown(key), value: at < 0 ? null : this.#field(pair.slice(at + this.#headersKeySeparator.length)) };
    });
  }
}

/** One character per byte, so that cutting the text cuts the bytes. */
function bytesAsText(bytes: Buffer): string {
  return bytes.toString('latin1');
}

function textAsBytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** What the bytes say as UTF-8. */
function shown(text: string): string {
  return textAsBytes(text).toString('utf8');
}
