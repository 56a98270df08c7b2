/** Where the group coordinator keeps groups and offsets. */
export const CONSUMER_OFFSETS = '__consumer_offsets';
