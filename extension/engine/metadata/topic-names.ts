const MAX_LENGTH = 249;

/** The topic that the metadata log pretends to be. */
export const CLUSTER_METADATA_TOPIC = '__cluster_metadata';

const internalTopics: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
]);

/** Whether brokers keep their own state in the topic. */
export function isInternalTopic(name: string): boolean {
  return internalTopics.has(name);
}

/** Why a topic can't have this name, or undefined when it can. */
export function topicNameProblem(name: string): string | undefined {
  const why =
    name === ''
      ? 'the empty string is not allowed'
      : name === '.' || name === '..'
        ? `'${name}' is not allowed`
        : name.length > MAX_LENGTH
          ? `the length of '${name}' is longer than the max allowed length ${MAX_LENGTH}`
          : !/^[a-zA-Z0-9._-]+$/.test(name)
            ? `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
            : undefined;
  return why === undefined ? undefined : `Topic name is invalid: ${why}`;
}

/** Names with a dot or an underscore share metrics with each other. */
export function hasCollisionCharacter(name: string): boolean {
  return name.includes('.') || name.includes('_');
}

/** The same for names that collide. */
export function collisionKey(name: string): string {
  return name.replaceAll('.', '_');
}
