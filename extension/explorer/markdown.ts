/** Text that came from a cluster, harmless inside Markdown. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!~|<>&$]/g, '\\$&').replace(/\s*[\r\n]+\s*/g, ' ');
}

/** A hover: a title, then one fact per line. Facts without a value are left out. */
export function factSheet(
  title: string,
  facts: readonly (readonly [name: string, value: string | undefined])[],
): string {
  const lines = facts.flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [`${escapeMarkdown(name)}: ${escapeMarkdown(value)}`],
  );
  return [`**${escapeMarkdown(title)}**`, lines.join('  \n')].filter((part) => part !== '').join('\n\n');
}
