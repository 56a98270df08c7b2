import { describe, expect, test } from 'vitest';
import { startArguments } from '../../../extension/cluster/cluster-options.ts';
import { parseStartArguments } from '../../../extension/cli/start-arguments.ts';

describe('parseStartArguments', () => {
  test('leaves everything to defaults without arguments', () => {
    expect(parseStartArguments([])).toEqual({ options: { config: {} }, json: false, control: false, help: false });
  });

  test('takes values behind a space or an equals sign', () => {
    const { options } = parseStartArguments([
      ...['--brokers', '3', '--port=19092', '--controller-port', '20000'],
      ...['--data-dir', '/a b', '--config', 'num.partitions=3', '--config=sasl.jaas.config=x y="z"'],
    ]);
    expect(options).toEqual({
      brokers: 3,
      port: 19092,
      controllerPort: 20000,
      dataDir: '/a b',
      config: { 'num.partitions': '3', 'sasl.jaas.config': 'x y="z"' },
    });
  });

  test('takes an empty config value, which turns a list off', () => {
    expect(parseStartArguments(['--config', 'log.cleanup.policy=']).options.config).toEqual({
      'log.cleanup.policy': '',
    });
  });

  test('control implies json', () => {
    expect(parseStartArguments(['--control'])).toMatchObject({ json: true, control: true });
    expect(parseStartArguments(['--json'])).toMatchObject({ json: true, control: false });
  });

  test('reads what startArguments writes', () => {
    const options = {
      ...{ brokers: 1, controllers: 3, port: 0, controllerPort: 5, dataDir: '--odd', racks: ['a', 'b'] },
      config: { 'a.b': 'c=d', e: '' },
    };
    expect(parseStartArguments(startArguments(options)).options).toEqual(options);
  });

  test.each([
    [['--what'], "unknown argument '--what'"],
    [['9092'], "unknown argument '9092'"],
    [['-p', '1'], "unknown argument '-p'"],
    [['--port'], '--port needs a value'],
    [['--port='], '--port needs a value'],
    [['--port', 'http'], "--port takes a number, not 'http'"],
    [['--port', '-1'], "--port takes a number, not '-1'"],
    [['--brokers', '1e3'], "--brokers takes a number, not '1e3'"],
    [['--port', '99999999999999999999'], '--port takes a number'],
    [['--config', 'num.partitions'], "--config takes KEY=VALUE, not 'num.partitions'"],
    [['--config', '=3'], "--config takes KEY=VALUE, not '=3'"],
    [['--racks', 'a,,b'], "--racks takes names separated by commas, not 'a,,b'"],
    [['--json=yes'], '--json takes no value'],
  ])('refuses %j', (args, message) => {
    expect(() => parseStartArguments(args)).toThrow(message);
  });
});
