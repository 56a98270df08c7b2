import type { FileFacts, SegmentBytes } from '../../../../extension/views/segment-editor/segment-bytes.ts';

/** A file in memory that counts what is read of it. */
export class MemoryBytes implements SegmentBytes {
  content: Buffer | null;
  identity = 1;
  modifiedMs = 1;
  bytesRead = 0;
  largestRead = 0;

  constructor(content: Buffer) {
    this.content = content;
  }

  /** The file gets another content. */
  write(content: Buffer): void {
    this.content = content;
    this.modifiedMs++;
  }

  facts(): Promise<FileFacts | null> {
    const { content, modifiedMs, identity } = this;
    return Promise.resolve(content === null ? null : { sizeBytes: content.length, modifiedMs, identity });
  }

  read(at: number, length: number): Promise<Buffer> {
    const found = Buffer.from(this.content?.subarray(at, at + length) ?? []);
    this.bytesRead += found.length;
    this.largestRead = Math.max(this.largestRead, found.length);
    return Promise.resolve(found);
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
