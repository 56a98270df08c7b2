/** Kafka's message definitions, parsed: version ranges as numbers, structs named and linked. */

export interface RawField {
  readonly name: string;
  readonly type: string;
  readonly versions?: string;
  readonly nullableVersions?: string;
  readonly taggedVersions?: string;
  readonly flexibleVersions?: string;
  readonly tag?: number;
  readonly default?: string | number | boolean | null;
  readonly ignorable?: boolean;
  readonly fields?: readonly RawField[];
}

export interface RawDefinition {
  readonly apiKey?: number;
  readonly type: string;
  readonly name: string;
  readonly validVersions: string;
  readonly flexibleVersions?: string;
  readonly latestVersionUnstable?: boolean;
  readonly listeners?: readonly string[];
  readonly fields?: readonly RawField[];
  readonly commonStructs?: readonly { name: string; versions?: string; fields: readonly RawField[] }[];
}

/** A closed range of versions; empty when `lowest` is above `highest`. */
export interface Versions {
  readonly lowest: number;
  readonly highest: number;
}

export const NO_VERSIONS: Versions = { lowest: 1, highest: 0 };
const NO_LIMIT = 0x7fff;

/** `"none"`, `"3"`, `"2-5"` or `"4+"`. */
export function parseVersions(text: string | undefined): Versions {
  if (text === undefined || text === 'none') return NO_VERSIONS;
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text.trim());
  if (match === null) throw new Error(`cannot read versions '${text}'`);
  const lowest = Number(match[1]);
  return { lowest, highest: match[2] ? NO_LIMIT : match[3] === undefined ? lowest : Number(match[3]) };
}

export function contains(versions: Versions, version: number): boolean {
  return version >= versions.lowest && version <= versions.highest;
}

export function intersect(a: Versions, b: Versions): Versions {
  return { lowest: Math.max(a.lowest, b.lowest), highest: Math.min(a.highest, b.highest) };
}

export function isEmpty(versions: Versions): boolean {
  return versions.lowest > versions.highest;
}

/** Whether every version of `inner` is in `outer`. */
export function covers(outer: Versions, inner: Versions): boolean {
  return isEmpty(inner) || (outer.lowest <= inner.lowest && outer.highest >= inner.highest);
}

export const PRIMITIVES = [
  'bool',
  'int8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  /** Not in the definitions: an int64 that is no number but 64 bits, such as a hash. */
  'bits64',
  'float64',
  'uuid',
  'string',
  'bytes',
  'records',
] as const;
export type Primitive = (typeof PRIMITIVES)[number];

export type FieldType =
  | { readonly kind: 'primitive'; readonly primitive: Primitive }
  | { readonly kind: 'struct'; readonly struct: Struct }
  | { readonly kind: 'array'; readonly element: FieldType };

export interface Field {
  /** In lower camel case. */
  readonly name: string;
  readonly type: FieldType;
  readonly versions: Versions;
  readonly nullable: Versions;
  readonly tagged: Versions;
  readonly tag: number;
  /** Overrides the message's own flexible versions when set. */
  readonly flexible: Versions | undefined;
  /** As a TypeScript expression; undefined when the definition names none. */
  readonly explicitDefault: string | undefined;
  readonly ignorable: boolean;
}

export interface Struct {
  readonly name: string;
  readonly fields: Field[];
  /** The message itself, not one of its parts. */
  readonly top: boolean;
}

export interface Definition {
  readonly module: string;
  readonly name: string;
  readonly kind: string;
  readonly apiKey: number;
  readonly versions: Versions;
  readonly flexible: Versions;
  readonly latestVersionUnstable: boolean;
  readonly listeners: readonly string[];
  readonly top: Struct;
  /** All structs, the parts before what holds them. */
  readonly structs: readonly Struct[];
}

export function parseDefinition(raw: RawDefinition, module: string): Definition {
  const versions = parseVersions(raw.validVersions);
  const structs: Struct[] = [];
  const byName = new Map<string, Struct>();
  const common = new Map((raw.commonStructs ?? []).map((struct) => [struct.name, struct.fields]));

  function structOf(name: string, fields: readonly RawField[] | undefined): Struct {
    const known = byName.get(name);
    if (known !== undefined && fields === undefined) return known;
    const source = fields ?? common.get(name);
    if (source === undefined) throw new Error(`${raw.name}: no struct ${name}`);
    if (known !== undefined) throw new Error(`${raw.name}: struct ${name} is defined twice`);
    const struct: Struct = { name, fields: [], top: false };
    byName.set(name, struct);
    struct.fields.push(...source.map(fieldOf));
    structs.push(struct);
    return struct;
  }

  function typeOf(text: string, fields: readonly RawField[] | undefined): FieldType {
    if (text.startsWith('[]')) return { kind: 'array', element: typeOf(text.slice(2), fields) };
    const primitive = PRIMITIVES.find((candidate) => candidate === text);
    if (primitive !== undefined) return { kind: 'primitive', primitive };
    return { kind: 'struct', struct: structOf(text, fields) };
  }

  function fieldOf(field: RawField): Field {
    const type = typeOf(isHash(field) ? 'bits64' : field.type, field.fields);
    const tagged = intersect(parseVersions(field.taggedVersions), versions);
    return {
      name: field.name.charAt(0).toLowerCase() + field.name.slice(1),
      type,
      // Some tagged fields name only their tagged versions.
      versions: intersect(parseVersions(field.versions ?? field.taggedVersions), versions),
      nullable: intersect(parseVersions(field.nullableVersions), versions),
      tagged,
      tag: field.tag ?? -1,
      flexible: field.flexibleVersions === undefined ? undefined : parseVersions(field.flexibleVersions),
      // A bare null names no default; only the text "null" does.
      explicitDefault: field.default == null ? undefined : defaultOf(type, field.default),
      ignorable: field.ignorable ?? false,
    };
  }

  const top: Struct = { name: raw.name, fields: (raw.fields ?? []).map(fieldOf), top: true };
  structs.push(top);
  return {
    module,
    name: raw.name,
    kind: raw.type,
    apiKey: raw.apiKey ?? -1,
    versions,
    flexible: intersect(parseVersions(raw.flexibleVersions), versions),
    latestVersionUnstable: raw.latestVersionUnstable ?? false,
    listeners: raw.listeners ?? [],
    top,
    structs,
  };
}

/** Hashes use all 64 bits, and nobody counts with them. */
function isHash(field: RawField): boolean {
  return field.type === 'int64' && field.name.endsWith('Hash');
}

function defaultOf(type: FieldType, value: RawField['default']): string {
  if (value === 'null') return 'null';
  if (type.kind !== 'primitive') throw new Error(`a default of ${String(value)} on a struct or array`);
  const text = String(value);
  switch (type.primitive) {
    case 'bool':
      return text.toLowerCase();
    case 'string':
      return JSON.stringify(text).replaceAll('"', "'");
    case 'bits64':
      return `${text}n`;
    case 'int64':
      return text === '9223372036854775807' ? 'LONG_MAX' : String(Number(text));
    default:
      return String(Number(text));
  }
}
