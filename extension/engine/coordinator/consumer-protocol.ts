import { consumerProtocolSubscription } from '../../protocol/generated/consumer-protocol-subscription.ts';
import { ProtocolError } from '../../protocol/protocol-error.ts';
import { Reader } from '../../protocol/reader.ts';

/** The protocol type of groups whose members are consumers; their metadata are subscriptions. */
export const CONSUMER_PROTOCOL_TYPE = 'consumer';

/** All topics in these subscriptions, undefined when one of them can't be read. */
export function subscribedTopics(subscriptions: readonly (Buffer | undefined)[]): ReadonlySet<string> | undefined {
  const topics = new Set<string>();
  for (const subscription of subscriptions) {
    if (subscription === undefined) return undefined;
    try {
      const reader = new Reader(subscription);
      if (reader.int16() < 0) return undefined;
      // What version 0 holds lies first in all of them.
      for (const topic of consumerProtocolSubscription.read(reader, 0).topics) topics.add(topic);
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }
  return topics;
}
