/** One option of a command, with Kafka's spelling. */
export interface OptionSpec {
  readonly name: string;
  readonly about: string;
  /** What the argument is called in the usage text; an option without it takes none. */
  readonly argument?: string;
  /** The argument may be left out. */
  readonly isArgumentOptional?: boolean;
}

/** An argument that cannot be read; the message is one line for people. */
export class OptionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'OptionError';
  }
}

/** Options that do not go together, or one that is missing: the usage text helps. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

/** The options of one call. */
export class ParsedOptions {
  readonly #values: ReadonlyMap<string, readonly (string | undefined)[]>;
  /** Arguments that belong to no option. */
  readonly rest: readonly string[];

  constructor(values: ReadonlyMap<string, readonly (string | undefined)[]>, rest: readonly string[]) {
    this.#values = values;
    this.rest = rest;
  }

  /** The options that are given, in the order in which they first appear. */
  get names(): readonly string[] {
    return [...this.#values.keys()];
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The argument; undefined when the option is not given or has none. Throws OptionError when it is given twice. */
  value(name: string): string | undefined {
    const values = this.#values.get(name);
    if (values === undefined) return undefined;
    if (values.length > 1)
      throw new OptionError(`Found multiple arguments for option ${name}, but you asked for only one`);
    return values[0];
  }

  values(name: string): readonly string[] {
    return (this.#values.get(name) ?? []).filter((value) => value !== undefined);
  }

  /** @throws OptionError when the argument is not an integer */
  integer(name: string): number | undefined {
    const text = this.value(name);
    if (text === undefined) return undefined;
    if (!/^[+-]?\d+$/.test(text)) throw new OptionError(`Cannot parse argument '${text}' of option ${name}`);
    return Number(text);
  }

  /** @throws UsageError unless the option is given */
  required(name: string): string {
    const value = this.value(name);
    if (value === undefined) throw new UsageError(`Missing required argument "[${name}]"`);
    return value;
  }
}

/**
 * Reads `--name`, `--name value` and `--name=value` the way Kafka's tools do: an optional argument is taken unless the
 * next word is an option of its own.
 *
 * @throws OptionError for options that the specs do not hold, and for missing or malformed arguments
 */
export function parseOptions(args: readonly string[], specs: readonly OptionSpec[]): ParsedOptions {
  const known = new Map(specs.map((spec) => [spec.name, spec]));
  const values = new Map<string, (string | undefined)[]>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const word = args[i]!;
    if (word === '--') {
      rest.push(...args.slice(i + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      rest.push(word);
      continue;
    }
    const bare = word.replace(/^--?/, '');
    const equals = bare.indexOf('=');
    const name = equals < 0 ? bare : bare.slice(0, equals);
    const spec = known.get(name);
    if (spec === undefined) throw new OptionError(`${name} is not a recognized option`);
    let value: string | undefined = equals < 0 ? undefined : bare.slice(equals + 1);
    if (spec.argument === undefined) {
      if (value !== undefined) throw new OptionError(`Option ${name} takes no argument`);
    } else if (value === undefined) {
      const next = args[i + 1];
      if (next !== undefined && !isOption(next, known)) {
        value = next;
        i += 1;
      } else if (spec.isArgumentOptional !== true) {
        throw new OptionError(`Option ${name} requires an argument`);
      }
    }
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return new ParsedOptions(values, rest);
}

function isOption(word: string, known: ReadonlyMap<string, OptionSpec>): boolean {
  if (!word.startsWith('-')) return false;
  const name = word.replace(/^--?/, '').split('=')[0]!;
  return known.has(name);
}

const LINE_WIDTH = 79;

/** Refuses options that have no meaning beside another one. */
export function refuseBeside(options: ParsedOptions, option: string, others: readonly string[]): void {
  if (!options.has(option)) return;
  const other = others.find((name) => options.has(name));
  if (other !== undefined) throw new UsageError(`Option "[${option}]" can't be used with option "[${other}]"`);
}

/** The text of `--help`: options left, their meaning right. */
export function usage(about: string, specs: readonly OptionSpec[]): string {
  const labels = new Map(specs.map((spec) => [spec, label(spec)]));
  const left = Math.min(38, Math.max(...[...labels.values()].map((text) => text.length))) + 2;
  const lines = [about, `${'Option'.padEnd(left)}Description`, `${'------'.padEnd(left)}-----------`];
  for (const spec of [...specs].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const text = labels.get(spec)!;
    const about = wrap(spec.about, LINE_WIDTH - left);
    if (text.length + 2 > left) lines.push(text);
    about.forEach((line, index) => {
      const head = index === 0 && text.length + 2 <= left ? text : '';
      lines.push(`${head.padEnd(left)}${line}`);
    });
  }
  return lines.join('\n');
}

function label(spec: OptionSpec): string {
  if (spec.argument === undefined) return `--${spec.name}`;
  return spec.isArgumentOptional === true ? `--${spec.name} [${spec.argument}]` : `--${spec.name} <${spec.argument}>`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
