/** A record of the metadata log contradicts the ones before it: nothing after it can be trusted. */
export class MetadataError extends Error {
  readonly code = 'CORRUPT_METADATA';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MetadataError';
  }
}
