// Reads the JSON files that tools are given; what is wrong is said in the words of Kafka's tools.

/** The value of a JSON text (undefined for a blank one), or null when the text is empty or not JSON. */
export function parseJson(text: string): { readonly value: unknown } | null {
  if (text === '') return null;
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws Error unless the value is an object */
export function asObject(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Error(`Expected JSON object, received ${shown(value)}`);
}

/** @throws Error unless the value is a list */
export function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`Expected JSON array, received ${shown(value)}`);
}

/** @throws Error unless the value is a whole number that fits into 32 bits */
export function asInteger(value: unknown): number {
  if (Number.isInteger(value) && (value as number) === ((value as number) | 0)) return value as number;
  throw new Error(`Expected \`Integer\` value, received ${shown(value)}`);
}

/** @throws Error unless the value is a text */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new Error(`Expected \`String\` value, received ${shown(value)}`);
}

/** @throws Error when the object lacks the field */
export function fieldOf(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  throw new Error(`No such field exists: \`${name}\``);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? '';
}
