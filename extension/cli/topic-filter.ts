/** Topics that may not be listed or touched by accident: those of Kafka itself. */
const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);

export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name);
}

/**
 * A list of topics as Kafka's tools take it: a regular expression that has to match a whole name; commas separate
 * alternatives, quotes around it are ignored.
 *
 * @throws Error when the expression is not valid
 */
export function topicFilter(text: string): (name: string) => boolean {
  const pattern = text
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+/, '')
    .replace(/["']+$/, '');
  try {
    const regex = new RegExp(`^(?:${pattern})$`);
    return (name) => regex.test(name);
  } catch {
    throw new Error(`${pattern} is an invalid regex.`);
  }
}
