import { describe, expect, test } from 'vitest';
import { RaftErrorCode } from '../../../../extension/engine/raft/raft-ports.ts';
import { checkMetadataLog } from '../../../../extension/engine/raft/driver/metadata-log-check.ts';
import * as batch from '../../../../extension/records/record-batch.ts';
import { Machine, METADATA_DIR, records } from './raft-fixture.ts';

const LOG = `${METADATA_DIR}/00000000000000000000.log`;

/** A machine that was stopped cleanly with ten records, each a batch, and where those batches lie. */
async function stopped(): Promise<{ machine: Machine; batches: { at: number; size: number }[] }> {
  const machine = new Machine();
  const { raft } = await machine.start();
  for (let i = 0; i < 10; i++) raft.append(1, records(`record ${i}: ${'x'.repeat(700)}`));
  await machine.settle();
  await raft.shutdown();
  const bytes = machine.disk.readFileSync(LOG);
  const batches: { at: number; size: number }[] = [];
  for (let at = 0; at < bytes.length; at += batch.batchSize(bytes, at))
    batches.push({ at, size: batch.batchSize(bytes, at) });
  return { machine, batches };
}

function overwrite(machine: Machine, position: number, bytes: Uint8Array): void {
  const file = machine.disk.openSync(LOG, 'readWrite');
  file.writeSync([bytes], position);
  file.close();
}

function cut(machine: Machine, sizeBytes: number): void {
  const file = machine.disk.openSync(LOG, 'readWrite');
  file.truncateSync(sizeBytes);
  file.close();
}

/** Opens the log: it must refuse, and leave every file as it is. */
function expectDamage(machine: Machine, what: string): void {
  const before = machine.disk.readFileSync(LOG);
  const open = (): unknown => machine.open();
  expect(open).toThrow(expect.objectContaining({ code: RaftErrorCode.CORRUPT_METADATA }));
  expect(open).toThrow(what);
  expect(machine.disk.readFileSync(LOG).equals(before)).toBe(true);
}

describe('what a crash leaves is cut, and the rest is there', () => {
  test.each<[string, (at: number, size: number) => number]>([
    ['a batch without its last byte', (at, size) => at + size - 1],
    ['half a batch', (at, size) => at + (size >> 1)],
    ['half a header', (at) => at + 20],
    ['one byte', (at) => at + 1],
  ])('%s', async (_what, endOf) => {
    const { machine, batches } = await stopped();
    const last = batches.at(-1)!;
    cut(machine, endOf(last.at, last.size));
    const warnings: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (message: string) => void warnings.push(message) };
    const { listener } = await machine.start({ logger });
    expect(listener.seen).toHaveLength(9);
    expect(warnings.join()).toContain('was cut short');
  });

  test('a last batch with a sector that never arrived', async () => {
    const { machine, batches } = await stopped();
    const last = batches.at(-1)!;
    overwrite(machine, last.at, Buffer.alloc(512));
    expect((await machine.start()).listener.seen).toHaveLength(9);
  });

  test('a segment that was begun while what comes before it was lost', async () => {
    const { machine, batches } = await stopped();
    cut(machine, batches.at(-1)!.at);
    machine.disk.openSync(`${METADATA_DIR}/00000000000000000013.log`, 'create').close();
    const { listener, raft } = await machine.start();
    expect(listener.seen).toHaveLength(9);
    raft.append(2, records('goes on'));
    await machine.settle();
    expect(listener.seen.at(-1)).toBe('13:goes on');
  });

  test('zeros behind the last batch', async () => {
    const { machine, batches } = await stopped();
    const last = batches.at(-1)!;
    overwrite(machine, last.at + last.size, Buffer.alloc(4096));
    expect((await machine.start()).listener.seen).toHaveLength(10);
  });
});

describe('damage is refused, and nothing is changed', () => {
  test('a bit in the middle of the log', async () => {
    const { machine, batches } = await stopped();
    overwrite(machine, batches[4]!.at + 100, Buffer.from([0xff]));
    expectDamage(machine, 'the bytes are not what was written');
  });

  test('a bit in the last batch', async () => {
    const { machine, batches } = await stopped();
    overwrite(machine, batches.at(-1)!.at + 100, Buffer.from([0xff]));
    expectDamage(machine, 'the bytes are not what was written');
  });

  test('a length in the middle that reaches past the end', async () => {
    const { machine, batches } = await stopped();
    overwrite(machine, batches[4]!.at + 8, Buffer.from([0x7f]));
    expectDamage(machine, 'sound record batches follow');
  });

  test('a sector of zeros in the middle', async () => {
    const { machine, batches } = await stopped();
    overwrite(machine, batches[4]!.at, Buffer.alloc(512));
    expectDamage(machine, 'sound record batches follow');
  });

  test('a batch that is missing', async () => {
    const { machine, batches } = await stopped();
    const bytes = machine.disk.readFileSync(LOG);
    const [from, to] = [batches[4]!.at, batches[5]!.at];
    cut(machine, from);
    overwrite(machine, from, bytes.subarray(to));
    expectDamage(machine, 'it goes on at offset');
  });

  test('a segment cut short while another follows', async () => {
    const machine = new Machine();
    const { raft } = await machine.start({ segmentBytes: 2000 });
    for (let i = 0; i < 10; i++) {
      raft.append(1, records('x'.repeat(700)));
      await machine.settle();
    }
    await raft.shutdown();
    cut(machine, 300);
    expectDamage(machine, 'segments follow');
  });

  test('a segment that is gone', async () => {
    const machine = new Machine();
    const { raft } = await machine.start({ segmentBytes: 2000 });
    for (let i = 0; i < 10; i++) {
      raft.append(1, records('x'.repeat(700)));
      await machine.settle();
    }
    await raft.shutdown();
    machine.disk.unlinkSync(LOG);
    expect(() => machine.open()).toThrow('no snapshot holds what came before');
  });
});

test('a folder without a log has nothing to check', () => {
  const machine = new Machine();
  const nothing = { tail: undefined, emptySegments: [] };
  expect(checkMetadataLog(machine.disk, '/nowhere')).toEqual(nothing);
  machine.format();
  expect(checkMetadataLog(machine.disk, METADATA_DIR)).toEqual(nothing);
});
