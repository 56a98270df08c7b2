import type { FileSystem } from './file-system.ts';

/**
 * Kafka's text checkpoints: a version (0), the number of entries, then one entry a line, fields separated by a blank.
 * Replaced as a whole. Used for `*-offset-checkpoint` (topic, partition, offset) and `leader-epoch-checkpoint` (epoch,
 * start offset).
 */

const VERSION = '0';

/** A checkpoint that does not follow its format. The message names file and line. */
export class CheckpointFormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CheckpointFormatError';
  }
}

/**
 * The entries of a checkpoint, split into fields; none where there is no file or an empty one.
 *
 * @throws CheckpointFormatError
 */
export function readCheckpoint(fileSystem: FileSystem, path: string, fieldCount: number): string[][] {
  if (!fileSystem.existsSync(path)) return [];
  const text = fileSystem.readFileSync(path).toString('utf8');
  // Kafka makes the file before it has anything to write.
  if (text === '') return [];
  const lines = text.split('\n');
  // Without the last line feed the last number may be cut short.
  if (lines.pop() !== '') throw malformed(path, lines.length + 1, 'a line feed at the end');
  if (lines[0] !== VERSION) throw malformed(path, 1, `version ${VERSION}`);
  const count = Number(lines[1]);
  if (!Number.isInteger(count) || count !== lines.length - 2) throw malformed(path, 2, 'the number of lines below');
  return lines.slice(2).map((line, index) => {
    const fields = line.split(/\s+/);
    if (fields.length !== fieldCount) throw malformed(path, index + 3, `${fieldCount} fields`);
    return fields;
  });
}

/** A whole number in a field, as {@link readCheckpoint} returned it. Throws CheckpointFormatError. */
export function checkpointNumber(path: string, field: string): number {
  const value = /^-?\d+$/.test(field) ? Number(field) : NaN;
  if (!Number.isSafeInteger(value)) throw new CheckpointFormatError(`${path}: "${field}" should be a whole number.`);
  return value;
}

/** Replaces the checkpoint; `durable` as for `FileSystem.writeFileAtomicSync`. */
export function writeCheckpoint(
  fileSystem: FileSystem,
  path: string,
  entries: readonly (readonly unknown[])[],
  durable = true,
): void {
  fileSystem.writeFileAtomicSync(path, checkpointText(entries.map((fields) => fields.join(' '))), durable);
}

/** A checkpoint as it lies on disk, of entries that are lines already. */
export function checkpointText(entries: readonly string[]): string {
  return `${[VERSION, entries.length, ...entries].join('\n')}\n`;
}

function malformed(path: string, line: number, expected: string): CheckpointFormatError {
  return new CheckpointFormatError(`${path}, line ${line}: expected ${expected}.`);
}
