/** What an error says, as a sentence for people: errors of libraries begin small. */
export function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.charAt(0).toUpperCase() + message.slice(1);
}
