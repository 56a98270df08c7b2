import type { Decision } from './control-context.ts';
import type { NewMetadataRecord } from './metadata-record.ts';

/** Records in one batch where a decision may be split. */
const MAX_RECORDS_PER_BATCH = 10_000;

/** The same where it is about new topics: brokers open logs for what a batch brings, and do nothing else meanwhile. */
const MAX_RECORDS_OF_TOPICS = 80;

/** The batches of a decision, each visible as a whole. */
export function* batchesOf({ records, atomic }: Decision<unknown>): Generator<readonly NewMetadataRecord[], void> {
  const limit = atomic === 'topic' ? MAX_RECORDS_OF_TOPICS : MAX_RECORDS_PER_BATCH;
  let from = 0;
  for (const [at, { type }] of records.entries()) {
    if (at - from < limit || atomic === true || (atomic === 'topic' && type !== 'TOPIC_RECORD')) continue;
    yield records.slice(from, at);
    from = at;
  }
  if (records.length > 0) yield records.slice(from);
}
