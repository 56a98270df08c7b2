import { StringDecoder } from 'node:string_decoder';

/** A line that was no JSON object, or too long to look at; `message` says which. */
export class BadLine {
  readonly message: string;

  constructor(message: string) {
    this.message = message;
  }
}

const maxLineLength = 1024 * 1024;

/**
 * Cuts a stream of UTF-8 bytes into lines and parses each as JSON. Blank lines are skipped. A line longer than 1 Mi
 * characters is dropped up to its end and reported once, so memory stays bounded whatever the peer sends.
 */
export class JsonLineReader {
  readonly #decoder = new StringDecoder('utf8');
  readonly #onLine: (line: unknown) => void;
  #rest = '';
  #dropping = false;

  /** `onLine` gets a parsed value or a {@link BadLine}. */
  constructor(onLine: (line: unknown) => void) {
    this.#onLine = onLine;
  }

  push(chunk: Buffer | string): void {
    let text = typeof chunk === 'string' ? chunk : this.#decoder.write(chunk);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      this.#finish(text.slice(0, end));
      text = text.slice(end + 1);
    }
    if (this.#dropping) return;
    this.#rest += text;
    if (this.#rest.length > maxLineLength) {
      this.#rest = '';
      this.#dropping = true;
      this.#onLine(new BadLine(`A line is longer than ${maxLineLength} characters`));
    }
  }

  /** At the end of the stream: a last line without its newline counts too. */
  end(): void {
    this.#finish(this.#decoder.end());
  }

  #finish(lastPart: string): void {
    const line = this.#rest + lastPart;
    this.#rest = '';
    if (this.#dropping) this.#dropping = false;
    else if (line.trim() !== '') this.#onLine(parse(line));
  }
}

function parse(line: string): unknown {
  if (line.length > maxLineLength) return new BadLine(`A line is longer than ${maxLineLength} characters`);
  try {
    return JSON.parse(line) as unknown;
  } catch {
    const shown = line.length > 80 ? `${line.slice(0, 80)}…` : line;
    return new BadLine(`Not a JSON object: ${shown}`);
  }
}
