import { describe, expect, test } from 'vitest';
import {
  CommandLineError,
  HelpRequest,
  parseCommandLine,
  type CommandSpec,
} from '../../../extension/cli/sub-commands.ts';

const spec: CommandSpec = {
  program: 'kafka-thing',
  about: 'Does things.',
  options: [
    {
      oneOf: [
        { flags: ['--server', '-s'], argument: 'HOST', about: 'Where.' },
        { flags: ['--service'], argument: 'NAME', about: 'Where else.' },
      ],
    },
  ],
  commands: [
    {
      name: 'move',
      about: 'Move one thing.',
      options: [
        { flags: ['--id', '-i'], argument: 'ID', about: 'Which one.', isRequired: true, isInteger: true },
        { flags: ['--to'], argument: 'PLACE', about: 'Places.', isRepeatable: true },
        { flags: ['--dry-run'], about: 'Do not.' },
      ],
    },
    { name: 'show', about: 'Show all.', options: [] },
  ],
};

const parse = (line: string) => parseCommandLine(line.split(' ').filter(Boolean), spec);

describe('a command line', () => {
  test('has options before and after its sub-command', () => {
    const line = parse('--server a move --id 3 --to x --to=y --dry-run');
    expect(line.command).toBe('move');
    expect(line.value('--server')).toBe('a');
    expect(line.integer('--id')).toBe(3);
    expect(line.values('--to')).toEqual(['x', 'y']);
    expect(line.has('--dry-run')).toBe(true);
    expect(line.has('--service')).toBe(false);
  });

  test('may be short', () => {
    const line = parse('-sa move -i 3 --dry');
    expect([line.value('--server'), line.integer('--id'), line.has('--dry-run')]).toEqual(['a', 3, true]);
  });

  test('takes a negative number for a value', () => {
    expect(parse('-s a move --id -1').integer('--id')).toBe(-1);
  });

  test.each([
    ['', 'too few arguments'],
    ['-s a', 'too few arguments'],
    ['-s', 'argument --server/-s: expected one argument'],
    ['stop', "invalid choice: 'stop' (choose from 'move', 'show')"],
    ['-s a --service b show', 'argument --service: not allowed with argument --server/-s'],
    ['--serv a show', 'ambiguous option: --serv could match --server, --service'],
    ['--nope show', "unrecognized arguments: '--nope'"],
    ['show', 'one of the arguments --server/-s --service is required'],
    ['show more --id 1', "unrecognized arguments: 'more --id 1'"],
    ['-s a move', 'argument --id/-i is required'],
    ['-s a move --id x', `argument --id/-i: could not convert 'x' to Integer (For input string: "x")`],
    ['-s a move --id 1 --dry-run=yes', "argument --dry-run: ignored explicit argument 'yes'"],
  ])('%j is refused', (line, message) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ name: 'CommandLineError', message }));
  });

  test('says how it is used', () => {
    const refusal = (line: string): string => {
      try {
        parse(line);
      } catch (error) {
        return error instanceof CommandLineError ? error.usage : (error as Error).message;
      }
      return '';
    };
    expect(refusal('')).toBe('usage: kafka-thing [-h] (--server HOST | --service NAME) {move,show} ...');
    expect(refusal('move --id')).toBe(
      'usage: kafka-thing (--server HOST | --service NAME) move [-h] --id ID\n    [--to PLACE] [--dry-run]',
    );
    expect(() => parse('move -h')).toThrow(HelpRequest);
    expect(refusal('-h').split('\n').slice(1)).toEqual([
      '',
      'Does things.',
      '',
      'Commands:',
      '  move                    Move one thing.',
      '  show                    Show all.',
      '',
      'Options:',
      '  -h, --help              Print this text.',
      '  --server HOST, -s HOST  Where.',
      '  --service NAME          Where else.',
    ]);
  });
});
