/** One option of a tool with sub-commands, with Kafka's spelling; without `argument` it is a flag. */
export interface SubOption {
  /** With its dashes, the long name first: `--id`, `-i`. */
  readonly flags: readonly [string, ...string[]];
  readonly about: string;
  readonly argument?: string;
  /** May be given several times. */
  readonly isRepeatable?: boolean;
  readonly isRequired?: boolean;
  readonly isInteger?: boolean;
}

/** Options of which one and only one must be given, or one at most. */
export interface OptionChoice {
  readonly oneOf: readonly SubOption[];
  readonly isOptional?: boolean;
}

export type OptionEntry = SubOption | OptionChoice;

export interface SubCommand {
  readonly name: string;
  readonly about: string;
  readonly options: readonly OptionEntry[];
}

export interface CommandSpec {
  /** `kafka-cluster`. */
  readonly program: string;
  readonly about: string;
  /** Options that stand before the sub-command. */
  readonly options: readonly OptionEntry[];
  readonly commands: readonly SubCommand[];
}

/** An argument that cannot be read; `usage` is the line that goes before the message. */
export class CommandLineError extends Error {
  readonly usage: string;

  constructor(message: string, usage: string) {
    super(message);
    this.name = 'CommandLineError';
    this.usage = usage;
  }
}

/** Somebody asked for help. */
export class HelpRequest extends Error {
  constructor(help: string) {
    super(help);
    this.name = 'HelpRequest';
  }
}

/** What was given: values by long flag. */
export class CommandLine {
  readonly command: string;
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(command: string, values: ReadonlyMap<string, readonly string[]>) {
    this.command = command;
    this.#values = values;
  }

  has(flag: string): boolean {
    return this.#values.has(flag);
  }

  /** The last value. */
  value(flag: string): string | undefined {
    return this.#values.get(flag)?.at(-1);
  }

  values(flag: string): readonly string[] {
    return this.#values.get(flag) ?? [];
  }

  integer(flag: string): number | undefined {
    const text = this.value(flag);
    return text === undefined ? undefined : Number(text);
  }
}

const HELP: SubOption = { flags: ['-h', '--help'], about: 'Print this text.' };

/**
 * Reads the options, the sub-command and its options. Long flags may be cut short while they stay unambiguous; `--flag=value`,
 * `--flag value`, `-fvalue` and `-f value` are the same.
 *
 * @throws CommandLineError for what is wrong, HelpRequest for --help
 */
export function parseCommandLine(args: readonly string[], spec: CommandSpec): CommandLine {
  const outer = new Reader(spec.program, [], spec.options, spec);
  let at = 0;
  while (at < args.length && isFlag(args[at]!)) at = outer.read(args, at);
  const name = args[at];
  if (name === undefined) throw outer.error('too few arguments');
  const command = spec.commands.find((each) => each.name === name);
  if (command === undefined) {
    const names = spec.commands.map((each) => `'${each.name}'`).join(', ');
    throw outer.error(`invalid choice: '${name}' (choose from ${names})`);
  }
  const lead = [...spec.options.map(usageWord), name];
  const inner = new Reader(spec.program, lead, command.options, undefined, command.about);
  at += 1;
  while (at < args.length) {
    if (!isFlag(args[at]!)) throw inner.error(`unrecognized arguments: '${args.slice(at).join(' ')}'`);
    at = inner.read(args, at);
  }
  inner.check();
  outer.check();
  return new CommandLine(name, new Map([...outer.values, ...inner.values]));
}

/** A negative number is a value. */
function isFlag(word: string): boolean {
  return word.startsWith('-') && word !== '-' && !/^-\d+$/.test(word);
}

/** The options of one level. */
class Reader {
  readonly values = new Map<string, string[]>();
  readonly #program: string;
  readonly #lead: readonly string[];
  readonly #entries: readonly OptionEntry[];
  readonly #options: readonly SubOption[];
  readonly #spec: CommandSpec | undefined;
  readonly #about: string;

  /** `lead`: what stands before the options in the usage. */
  constructor(
    program: string,
    lead: readonly string[],
    entries: readonly OptionEntry[],
    spec: CommandSpec | undefined,
    about = spec?.about ?? '',
  ) {
    this.#program = program;
    this.#lead = lead;
    this.#entries = entries;
    this.#options = [HELP, ...entries.flatMap(optionsOf)];
    this.#spec = spec;
    this.#about = about;
  }

  error(message: string): CommandLineError {
    return new CommandLineError(message, this.#usage());
  }

  /** Takes the option at an index; the index after it. */
  read(args: readonly string[], at: number): number {
    const word = args[at]!;
    const { option, attached } = this.#find(word);
    if (option === HELP) throw new HelpRequest(this.#help());
    this.#refuseSecond(option);
    const flag = option.flags[0];
    const known = this.values.get(flag) ?? [];
    if (option.argument === undefined) {
      if (attached !== undefined)
        throw this.error(`argument ${label(option)}: ignored explicit argument '${attached}'`);
      this.values.set(flag, known);
      return at + 1;
    }
    const value = attached ?? args[at + 1];
    if (value === undefined || (attached === undefined && isFlag(value))) {
      throw this.error(`argument ${label(option)}: expected one argument`);
    }
    if (option.isInteger === true && !/^[+-]?\d{1,9}$/.test(value)) {
      const why = `could not convert '${value}' to Integer (For input string: "${value}")`;
      throw this.error(`argument ${label(option)}: ${why}`);
    }
    this.values.set(flag, option.isRepeatable === true ? [...known, value] : [value]);
    return at + (attached === undefined ? 2 : 1);
  }

  #find(word: string): { option: SubOption; attached: string | undefined } {
    const equals = word.indexOf('=');
    const name = word.startsWith('--') && equals > 0 ? word.slice(0, equals) : word;
    const attached = name === word ? undefined : word.slice(equals + 1);
    const exact = this.#options.find(({ flags }) => flags.includes(name));
    if (exact !== undefined) return { option: exact, attached };
    if (!name.startsWith('--')) {
      const short = this.#options.find(({ flags }) => flags.includes(word.slice(0, 2)));
      if (short !== undefined) return { option: short, attached: word.slice(2) };
      throw this.error(`unrecognized arguments: '${word}'`);
    }
    const begun = this.#options.flatMap((option) =>
      option.flags.filter((flag) => flag.startsWith(name)).map((flag) => ({ option, flag })),
    );
    if (begun.length === 1) return { option: begun[0]!.option, attached };
    if (begun.length === 0) throw this.error(`unrecognized arguments: '${word}'`);
    const flags = begun.map(({ flag }) => flag).sort();
    throw this.error(`ambiguous option: ${name} could match ${flags.join(', ')}`);
  }

  /** @throws CommandLineError when another option of the same choice is given */
  #refuseSecond(option: SubOption): void {
    const choice = this.#entries.filter(isChoice).find(({ oneOf }) => oneOf.includes(option));
    const other = choice?.oneOf.find((each) => each !== option && this.values.has(each.flags[0]));
    if (other !== undefined) throw this.error(`argument ${label(option)}: not allowed with argument ${label(other)}`);
  }

  /** @throws CommandLineError when something that is required is missing */
  check(): void {
    const missing = this.#entries
      .flatMap((entry) => (isChoice(entry) ? [] : [entry]))
      .find(({ isRequired, flags }) => isRequired === true && !this.values.has(flags[0]));
    if (missing !== undefined) throw this.error(`argument ${label(missing)} is required`);
    for (const { oneOf, isOptional } of this.#entries.filter(isChoice)) {
      if (isOptional === true || oneOf.some(({ flags }) => this.values.has(flags[0]))) continue;
      throw this.error(`one of the arguments ${oneOf.map(label).join(' ')} is required`);
    }
  }

  #usage(): string {
    const words = [...this.#lead, '[-h]', ...this.#entries.map(usageWord)];
    const commands = this.#spec?.commands.map(({ name }) => name) ?? [];
    if (commands.length > 0) words.push(`{${commands.join(',')}}`, '...');
    return wrapped(`usage: ${this.#program}`, words);
  }

  #help(): string {
    const rows = this.#options.map((option): [string, string] => [
      option.flags.map((flag) => shown(flag, option)).join(', '),
      option.about,
    ]);
    const commands = (this.#spec?.commands ?? []).map(({ name, about }): [string, string] => [name, about]);
    return [
      this.#usage(),
      ...(this.#about === '' ? [] : ['', wrapped('', this.#about.split(' '), LINE_WIDTH, '')]),
      ...(commands.length === 0 ? [] : ['', 'Commands:', ...commands.flatMap(helpRow)]),
      '',
      'Options:',
      ...rows.flatMap(helpRow),
    ].join('\n');
  }
}

function isChoice(entry: OptionEntry): entry is OptionChoice {
  return 'oneOf' in entry;
}

function optionsOf(entry: OptionEntry): readonly SubOption[] {
  return isChoice(entry) ? entry.oneOf : [entry];
}

function label({ flags }: SubOption): string {
  return flags.join('/');
}

function shown(flag: string, { argument }: SubOption): string {
  return argument === undefined ? flag : `${flag} ${argument}`;
}

function usageWord(entry: OptionEntry): string {
  if (isChoice(entry)) {
    const choice = entry.oneOf.map((option) => shown(option.flags[0], option)).join(' | ');
    return entry.isOptional === true ? `[${choice}]` : `(${choice})`;
  }
  const word = shown(entry.flags[0], entry);
  return entry.isRequired === true ? word : `[${word}]`;
}

const LINE_WIDTH = 79;
const LEFT_WIDTH = 26;

function helpRow([left, about]: readonly [string, string]): string[] {
  const lines = wrapped('', about.split(' '), LINE_WIDTH - LEFT_WIDTH, '').split('\n');
  const head = `  ${left}`;
  const rest = lines.map((line) => `${' '.repeat(LEFT_WIDTH)}${line}`);
  if (head.length + 2 > LEFT_WIDTH) return [head, ...rest];
  return [head.padEnd(LEFT_WIDTH) + lines[0]!, ...rest.slice(1)];
}

/** Words behind a beginning, in lines that begin with an indent. */
function wrapped(first: string, words: readonly string[], width = LINE_WIDTH, indent = '    '): string {
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    if (line.trim() !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].join('\n');
}
