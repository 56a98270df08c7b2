import type { MetadataDelta } from './metadata-delta.ts';
import type { MetadataImage } from './metadata-image.ts';

/**
 * Follows the committed metadata. Called synchronously, in order, each time with the image after the change and with what changed;
 * the first call after registering has everything in it. Must not throw: one that does is logged, and the others go on.
 */
export interface MetadataPublisher {
  readonly name: string;
  onMetadataUpdate(delta: MetadataDelta, image: MetadataImage): void;
  /** The controller's identity or epoch changed; -1 while there is none. Called after the metadata of that epoch, if any. */
  onControllerChange?(controllerId: number, epoch: number): void;
}
