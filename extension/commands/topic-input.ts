import { t } from '../settings/localize.ts';

const longestName = 249;

/** Why Kafka would not take a topic of this name; undefined when it would. `taken` are names in use. */
export function topicNameProblem(name: string, taken: ReadonlySet<string> = new Set()): string | undefined {
  if (name === '') return t('A topic needs a name.');
  if (name === '.' || name === '..') return t("A topic cannot be called '{0}'.", name);
  if (name.length > longestName) return t('{0} characters; at most {1} are allowed.', name.length, longestName);
  const bad = /[^a-zA-Z0-9._-]/.exec(name);
  if (bad !== null) return t("'{0}' is not allowed: letters, digits, '.', '_' and '-' are.", bad[0]);
  if (taken.has(name)) return t("There is a topic '{0}' already.", name);
  const twin = [...taken].find((other) => metricName(other) === metricName(name));
  return twin === undefined
    ? undefined
    : t("Too close to '{0}': Kafka takes '.' and '_' for the same in metrics.", twin);
}

function metricName(name: string): string {
  return name.replaceAll('.', '_');
}

/** Why the text is no whole number from `minimum` to `maximum`; undefined when it is one. */
export function wholeNumberProblem(text: string, minimum: number, maximum: number): string | undefined {
  if (!/^\d{1,16}$/.test(text.trim())) return t('Write a whole number.');
  const value = Number(text);
  if (value < minimum) return t('At least {0}.', minimum);
  return value > maximum ? t('At most {0}.', maximum) : undefined;
}

/** More are possible, but nobody means it on one machine. */
export const mostPartitions = 10_000;

export interface HeaderText {
  readonly key: string;
  readonly value: string;
}

/**
 * Reads headers as a person writes them: `name=value, name=value`. A comma or backslash that belongs to a value stands
 * behind a backslash.
 */
export function parseHeaders(text: string): readonly HeaderText[] {
  const parts = text.match(/(?:\\.|[^,\\])+/g) ?? [];
  return parts
    .map((part) => part.replace(/\\(.)/g, '$1').trim())
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? { key: part, value: '' } : { key: part.slice(0, at).trim(), value: part.slice(at + 1).trim() };
    });
}

/** Why the text is no list of headers; undefined when it is one, or empty. */
export function headersProblem(text: string): string | undefined {
  const nameless = parseHeaders(text).some(({ key }) => key === '');
  return nameless ? t('A header needs a name: name=value, name=value') : undefined;
}
