import { describe, expect, test } from 'vitest';
import { BadLine, JsonLineReader } from '../../../extension/cluster/json-lines.ts';

function read(...chunks: readonly (Buffer | string)[]): unknown[] {
  const lines: unknown[] = [];
  const reader = new JsonLineReader((line) => lines.push(line));
  for (const chunk of chunks) reader.push(chunk);
  reader.end();
  return lines;
}

describe('JsonLineReader', () => {
  test('puts lines together across chunks, also inside a character', () => {
    const bytes = Buffer.from('{"a":"é"}\n\n  \n{"b":2}\r\n[3]');
    const cut = bytes.indexOf(0xc3) + 1;
    expect(read(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual([{ a: 'é' }, { b: 2 }, [3]]);
  });

  test('reports a line that is no JSON and goes on with the next', () => {
    const [bad, good] = read('{"id":\n{"id":1}\n');
    expect(bad).toBeInstanceOf(BadLine);
    expect((bad as BadLine).message).toBe('Not a JSON object: {"id":');
    expect(good).toEqual({ id: 1 });
  });

  test('drops an endless line without keeping it and goes on after its end', () => {
    const part = 'x'.repeat(700_000);
    const lines = read(part, part, part, 'end\n{"id":2}\n');
    expect(lines).toHaveLength(2);
    expect((lines[0] as BadLine).message).toMatch(/longer than 1048576/);
    expect(lines[1]).toEqual({ id: 2 });
  });

  test('refuses a line that is too long even when it comes in one piece', () => {
    const lines = read(`${'x'.repeat(1_100_000)}\n{"id":3}\n`);
    expect(lines[0]).toBeInstanceOf(BadLine);
    expect(lines[1]).toEqual({ id: 3 });
  });
});
