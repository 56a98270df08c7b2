import { describe, expect, test } from 'vitest';
import {
  OptionError,
  parseOptions,
  refuseBeside,
  usage,
  UsageError,
  type OptionSpec,
} from '../../../extension/cli/option-parser.ts';

const specs: readonly OptionSpec[] = [
  { name: 'list', about: 'List.' },
  { name: 'topic', argument: 'name', about: 'The topic.' },
  { name: 'state', argument: 'states', isArgumentOptional: true, about: 'States.' },
  { name: 'count', argument: 'number', about: 'How many.' },
];

describe('parseOptions', () => {
  test('reads flags, arguments in both spellings, and the rest', () => {
    const options = parseOptions(['--list', '--topic', 'a', '--topic=b=c', 'extra', '-count', '5'], specs);
    expect(options.has('list')).toBe(true);
    expect(options.values('topic')).toEqual(['a', 'b=c']);
    expect(options.integer('count')).toBe(5);
    expect(options.rest).toEqual(['extra']);
    expect(options.value('state')).toBeUndefined();
  });

  test('takes an optional argument unless an option follows', () => {
    expect(parseOptions(['--state', 'stable'], specs).value('state')).toBe('stable');
    const bare = parseOptions(['--state', '--list'], specs);
    expect([bare.has('state'), bare.value('state'), bare.has('list')]).toEqual([true, undefined, true]);
  });

  test('takes arguments that begin with a dash but are no options', () => {
    expect(parseOptions(['--count', '-3'], specs).integer('count')).toBe(-3);
  });

  test('leaves what follows two dashes alone', () => {
    expect(parseOptions(['--', '--list'], specs).rest).toEqual(['--list']);
  });

  test.each([
    [['--nope'], 'nope is not a recognized option'],
    [['--topic'], 'Option topic requires an argument'],
    [['--topic', '--list'], 'Option topic requires an argument'],
    [['--list=1'], 'Option list takes no argument'],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args, specs)).toThrow(new OptionError(message));
  });

  test('refuses an option that is given twice where one is meant, and text for numbers', () => {
    expect(() => parseOptions(['--topic', 'a', '--topic', 'b'], specs).value('topic')).toThrow(/multiple arguments/);
    expect(() => parseOptions(['--count', 'x'], specs).integer('count')).toThrow(
      /Cannot parse argument 'x' of option count/,
    );
    expect(() => parseOptions([], specs).required('topic')).toThrow(UsageError);
  });
});

test('refuseBeside names the pair', () => {
  const options = parseOptions(['--list', '--topic', 'a'], specs);
  expect(() => refuseBeside(options, 'topic', ['list'])).toThrow(`Option "[topic]" can't be used with option "[list]"`);
  refuseBeside(options, 'state', ['list']);
});

test('usage has a line per option, wrapped, sorted', () => {
  const text = usage('About.', [...specs, { name: 'long', about: 'word '.repeat(40).trim() }]);
  const lines = text.split('\n');
  expect(lines[0]).toBe('About.');
  expect(lines.every((line) => line.length <= 79)).toBe(true);
  const options = lines.filter((line) => /^--\w/.test(line)).map((line) => line.split(' ')[0]);
  expect(options).toEqual(['--count', '--list', '--long', '--state', '--topic']);
  expect(text).toContain('--state [states]');
  expect(text).toContain('--topic <name>');
});
