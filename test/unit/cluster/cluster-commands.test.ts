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
    { id: 7, op: 'freeze', broker: 1, ms: 2_000 },
    { id: 8, op: 'isolate', broker: 1 },
    { id: 8, op: 'isolate', broker: 1, clients: true },
    { id: 9, op: 'heal' },
    { id: 9, op: 'heal', broker: 101 },
    { id: 10, op: 'slow', delayMs: 200 },
    { id: 10, op: 'slow', from: 1, to: 2, delayMs: 0 },
    { id: 11, op: 'drop', from: 1, to: 2 },
    { id: 12, op: 'add-broker' },
    { id: 12, op: 'add-broker', rack: 'north' },
    { id: 13, op: 'remove-broker', broker: 2 },
    { id: 14, op: 'events' },
    { id: 14, op: 'events', since: 17 },
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
    [{ id: 1 }, 'Unknown op missing; known are state, segments, stop, kill, start, freeze, isolate,'],
    [{ id: 1, op: 'explode' }, 'Unknown op "explode"'],
    [{ id: 1, op: 'toString' }, 'Unknown op "toString"'],
    [{ id: 1, op: ['state'] }, 'Unknown op ["state"]'],
    [{ id: 1, op: 'state', topic: 7 }, '"topic" must be a string, not 7'],
    [{ id: 1, op: 'freeze', broker: 1 }, '"ms" must be a whole number, not missing'],
    [{ id: 1, op: 'freeze', broker: 1, ms: 0 }, '"ms" must be from 1 to 600000, not 0'],
    [{ id: 1, op: 'slow', delayMs: -1 }, '"delayMs" must be from 0 to 60000, not -1'],
    [{ id: 1, op: 'isolate', broker: 1, clients: 'yes' }, '"clients" must be true or false, not "yes"'],
    [{ id: 1, op: 'drop', from: 1 }, '"to" must be a whole number, not missing'],
    [{ id: 1, op: 'heal', broker: '1' }, '"broker" must be a whole number, not "1"'],
    [{ id: 1, op: 'kill' }, '"broker" must be a whole number, not missing'],
    [{ id: 1, op: 'kill', broker: 1.5 }, '"broker" must be a whole number, not 1.5'],
    [{ id: 1, op: 'segments', broker: 1, topic: 'a', partition: '0' }, '"partition" must be a whole number, not "0"'],
  ])('refuses %j', (message, text) => {
    expect(() => parseClusterCommand(message)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
    expect(() => parseClusterCommand(message)).toThrow(text);
  });
});
