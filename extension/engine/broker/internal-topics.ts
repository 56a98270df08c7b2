export const CONSUMER_OFFSETS = '__consumer_offsets';
export const TRANSACTION_STATE = '__transaction_state';
export const SHARE_GROUP_STATE = '__share_group_state';

const INTERNAL: ReadonlySet<string> = new Set([CONSUMER_OFFSETS, TRANSACTION_STATE, SHARE_GROUP_STATE]);

/** Topics that brokers keep their own state in: clients are told so, and may not write to them. */
export function isInternalTopic(topic: string): boolean {
  return INTERNAL.has(topic);
}
