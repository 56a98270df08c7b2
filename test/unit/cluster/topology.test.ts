import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  controllersAmong,
  firstVoters,
  freeBrokerId,
  planTopology,
  readTopology,
} from '../../../extension/cluster/topology.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import type { TemporaryDirectory } from '../../support/temporary-directory.ts';

let directory: TemporaryDirectory;

beforeEach(async () => {
  directory = await temporaryDirectory('topology');
});

afterEach(() => directory.remove());

function formatted(name: string): void {
  mkdirSync(join(directory.path, name));
  writeFileSync(join(directory.path, name, 'meta.properties'), 'version=1\ncluster.id=c\n');
}

const empty = { brokers: [], controllers: [] };
const ask = (brokers?: number, controllers?: number): Parameters<typeof planTopology>[1] => ({ brokers, controllers });

describe('readTopology', () => {
  test('finds formatted nodes, whatever else lies there', () => {
    for (const name of ['broker-2', 'broker-10', 'broker-1', 'controller-101', 'broker-x', 'broker-01'])
      formatted(name);
    mkdirSync(join(directory.path, 'broker-5'));
    expect(readTopology(directory.path)).toEqual({ brokers: [1, 2, 10], controllers: [101] });
  });

  test('finds nothing where nothing is', () => {
    expect(readTopology(directory.path)).toEqual(empty);
    expect(readTopology(join(directory.path, 'missing'))).toEqual(empty);
  });

  test('says what is wrong with what is no directory', () => {
    const file = join(directory.path, 'file');
    writeFileSync(file, '');
    expect(() => readTopology(file)).toThrow(expect.objectContaining({ code: 'DIRECTORY_UNWRITABLE' }));
  });
});

describe('planTopology', () => {
  test.each([
    [empty, ask(), { brokers: [1], controllers: [] }],
    [empty, ask(3), { brokers: [1, 2, 3], controllers: [] }],
    [empty, ask(2, 3), { brokers: [1, 2], controllers: [101, 102, 103] }],
    [{ brokers: [1, 2, 3], controllers: [] }, ask(), { brokers: [1, 2, 3], controllers: [] }],
    [{ brokers: [1, 2, 3], controllers: [] }, ask(5), { brokers: [1, 2, 3, 4, 5], controllers: [] }],
    [{ brokers: [1, 3], controllers: [] }, ask(3), { brokers: [1, 2, 3], controllers: [] }],
    [{ brokers: [1, 3], controllers: [101] }, ask(2), { brokers: [1, 3], controllers: [101] }],
    [{ brokers: [1], controllers: [] }, ask(undefined, 0), { brokers: [1], controllers: [] }],
  ])('%j with %j', (found, wanted, expected) => {
    expect(planTopology(found, wanted)).toEqual(expected);
  });

  test.each([
    [{ brokers: [1, 2, 3], controllers: [] }, ask(2), 'holds 3 brokers (1, 2, 3); to run 2 would leave data behind'],
    [
      { brokers: [1], controllers: [101] },
      ask(1, 3),
      'holds 1 controller (101); a quorum cannot be given another size',
    ],
    [{ brokers: [1], controllers: [] }, ask(1, 3), 'holds no controller; a quorum cannot be given another size'],
  ])('refuses for %j %j', (found, wanted, message) => {
    expect(() => planTopology(found, wanted)).toThrow(expect.objectContaining({ code: 'BAD_ARGUMENT' }));
    expect(() => planTopology(found, wanted)).toThrow(message);
  });
});

test('one of one or two brokers votes, and three of more', () => {
  expect([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]].map(firstVoters)).toEqual([[1], [1], [1, 2, 3], [1, 2, 3]]);
});

test.each([
  { brokers: [1], voters: [1], controllers: [1] },
  { brokers: [1, 2], voters: [1], controllers: [1, 2] },
  { brokers: [1, 2, 3, 4], voters: [1], controllers: [1, 2, 3] },
  { brokers: [1, 2, 3, 4], voters: [2, 4], controllers: [1, 2, 4] },
  { brokers: [1, 2, 3, 4, 5], voters: [1, 2, 3, 5], controllers: [1, 2, 3, 5] },
  { brokers: [4, 5], voters: [1, 4], controllers: [4, 5] },
])('of brokers $brokers with voters $voters, $controllers are controllers', ({ brokers, voters, controllers }) => {
  expect(controllersAmong(brokers, voters)).toEqual(controllers);
});

test('a new broker gets the first free id', () => {
  expect([[], [1, 2], [1, 3], [2]].map(freeBrokerId)).toEqual([1, 3, 2, 1]);
});
