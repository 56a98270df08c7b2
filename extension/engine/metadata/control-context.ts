import type { Random } from '../common/random.ts';
import type { ConfigResolver } from './config-resolver.ts';
import type { MetadataImage } from './metadata-image.ts';
import type { NewMetadataRecord } from './metadata-record.ts';
import { metadataVersion } from './metadata-version.ts';
import type { MetadataVersion } from './metadata-version.ts';
import type { PartitionIndex } from './partition-index.ts';

/** What the controller decides on: the metadata with everything that was decided before, committed or not. */
export interface ControlContext {
  readonly image: MetadataImage;
  /** Of the image's partitions. */
  readonly index: PartitionIndex;
  readonly resolver: ConfigResolver;
  readonly random: Random;
  /** Offset of the first record of this decision. */
  readonly nextOffset: number;
}

/**
 * What a request leads to. Nothing has happened yet: only replaying the records changes anything, and the response is for when
 * they are committed. Without `atomic` the records may be split over several batches where they are many; with `topic`, between
 * topics only.
 */
export interface Decision<R> {
  readonly records: readonly NewMetadataRecord[];
  readonly response: R;
  readonly atomic?: boolean | 'topic';
  /** Why, for people: half a sentence that events begin with, e.g. `broker 2 stopped answering`. */
  readonly cause?: string;
}

export function versionOf(context: ControlContext): MetadataVersion {
  return metadataVersion(context.image.features.metadataVersion);
}
