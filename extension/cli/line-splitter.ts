/**
 * Cuts a stream of bytes into lines. A line ends with `\n`, `\r\n` or `\r`; what comes after the last of these is a line too
 * unless it is empty. The bytes are kept as they are.
 */
export class LineSplitter {
  #rest: Buffer[] = [];
  #endedWithReturn = false;

  /** The lines that a chunk completes. */
  push(chunk: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let start = this.#endedWithReturn && chunk[0] === 0x0a ? 1 : 0;
    if (chunk.length > 0) this.#endedWithReturn = false;
    for (let i = start; i < chunk.length; i++) {
      const byte = chunk[i];
      if (byte !== 0x0a && byte !== 0x0d) continue;
      lines.push(this.#complete(chunk.subarray(start, i)));
      if (byte === 0x0d) {
        if (i + 1 === chunk.length) this.#endedWithReturn = true;
        else if (chunk[i + 1] === 0x0a) i += 1;
      }
      start = i + 1;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
    return lines;
  }

  #complete(end: Buffer): Buffer {
    if (this.#rest.length === 0) return end;
    const line = Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    return line;
  }

  /** The last line, when it has no end of its own. */
  end(): Buffer | undefined {
    return this.#rest.length === 0 ? undefined : this.#complete(Buffer.alloc(0));
  }
}
