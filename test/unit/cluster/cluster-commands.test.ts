import { describe, expect, test } from 'vitest';
import { parseClusterCommand } from '../../../extension/cluster/cluster-commands.ts';
import { BadLine } from '../../../extension/cluster/json-lines.ts';

describe('parseClusterCommand', () => {
  test.each([
    { id: 1, op: 'state' },
    { id: 1, op: 'state', topic: 'orders' },
    { id: 2, op: 'segments', broker: 1, topic: 'orders', partition: 0 },
    { id: 3, op: 'stop', broker: 1 },
    { id: 4, op: 'kill', broker: 2 },
    { id: 5, op: 'start', broker: 3 },
    { id: 6, op: 'shutdown' },
  ])('reads $op', (command) => {
    expect(parseClusterCommand(command)).toEqual(command);
  });

  test('drops fields that it does not know', () => {
    expect(parseClusterCommand({ id: 1, op: 'kill', broker: 1, force: true })).toEqual({
      id: 1,
      op: 'kill',
      broker: 1,
    });
  });

  test.each([
    [new BadLine('Not a JSON object: {'), 'Not a JSON object: {'],
    ['state', 'A command is a JSON object'],
    [null, 'A command is a JSON object'],
    [[1], 'A command is a JSON object'],
    [{ op: 'state' }, '"id" must be a number, not missing'],
    [{ id: '1', op: 'state' }, '"id" must be a number, not "1"'],
    [{ id: 1 }, 'Unknown op missing; known are state, segments, stop, kill, start, shutdown'],
    [{ id: 1, op: 'explode' }, 'Unknown op "explode"'],
    [{ id: 1, op: 'toString' }, 'Unknown op "toString"'],
    [{ id: 1, op: ['state'] }, 'Unknown op ["state"]'],
    [{ id: 1, op: 'state', topic: 7 }, '"topic" must be a string, not 7'],
    [{ id: 1, op: 'kill' }, '"broker" must be a whole number, not missing'],
    [{ id: 1, op: 'kill', broker: 1.5 }, '"broker" must be a whole number, not 1.5'],
    [{ id: 1, op: 'segments', broker: 1, topic: 'a', partition: '0' }, '"partition" must be a whole number, not "0"'],
  ])('refuses %j', (message, text) => {
    expect(() => parseClusterCommand(message)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
    expect(() => parseClusterCommand(message)).toThrow(text);
  });
});
