import type { FileSystem } from '../common/file-system.ts';
import { PARTITION_METADATA } from './log-file-names.ts';

/** `partition.metadata`: which topic a partition's folder belongs to. Two lines, no line feed at the end. */
export class PartitionMetadataFile {
  readonly #fileSystem: FileSystem;
  #directory: string;
  #topicId: string | undefined;

  constructor(fileSystem: FileSystem, directory: string) {
    this.#fileSystem = fileSystem;
    this.#directory = directory;
  }

  /** 22 characters, or undefined where there is no file. */
  get topicId(): string | undefined {
    return this.#topicId;
  }

  get #path(): string {
    return `${this.#directory}/${PARTITION_METADATA}`;
  }

  /** Reads the file, if there is one; one that says nothing (a loss of power) counts as none. */
  load(): void {
    if (!this.#fileSystem.existsSync(this.#path)) return;
    const text = this.#fileSystem.readFileSync(this.#path).toString('utf8');
    this.#topicId = /^topic_id:\s*([A-Za-z0-9_-]{22})$/m.exec(text)?.[1];
  }

  write(topicId: string): void {
    this.#fileSystem.writeFileAtomicSync(this.#path, `version: 0\ntopic_id: ${topicId}`, false);
    this.#topicId = topicId;
  }

  moved(directory: string): void {
    this.#directory = directory;
  }
}
