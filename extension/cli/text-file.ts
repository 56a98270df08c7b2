import { readFileSync } from 'node:fs';

/** @throws Error in the words of Kafka's tools when the file cannot be read */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`Unable to read file ${path}`, { cause });
  }
}
