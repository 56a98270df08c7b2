import type { ClusterCommand, ClusterOp } from '../shared/cluster-protocol.ts';
import { ClusterError } from './cluster-error.ts';
import { BadLine } from './json-lines.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Ten minutes: longer looks like something else. */
const maxFreezeMs = 600_000;
const maxDelayMs = 60_000;

/** Per op, how its fields are read; a field that is missing or of the wrong type throws. */
const readers: { readonly [O in ClusterOp]: (id: number, fields: Fields) => Extract<ClusterCommand, { op: O }> } = {
  state: (id, fields) => ({
    id,
    op: 'state',
    ...(fields['topic'] === undefined ? {} : { topic: text(fields, 'topic') }),
  }),
  segments: (id, fields) => ({
    id,
    op: 'segments',
    broker: integer(fields, 'broker'),
    topic: text(fields, 'topic'),
    partition: integer(fields, 'partition'),
  }),
  stop: (id, fields) => ({ id, op: 'stop', broker: integer(fields, 'broker') }),
  kill: (id, fields) => ({ id, op: 'kill', broker: integer(fields, 'broker') }),
  start: (id, fields) => ({ id, op: 'start', broker: integer(fields, 'broker') }),
  freeze: (id, fields) => ({
    id,
    op: 'freeze',
    broker: integer(fields, 'broker'),
    ms: within(fields, 'ms', 1, maxFreezeMs),
  }),
  isolate: (id, fields) => ({
    id,
    op: 'isolate',
    broker: integer(fields, 'broker'),
    ...(fields['clients'] === undefined ? {} : { clients: flag(fields, 'clients') }),
  }),
  heal: (id, fields) => ({ id, op: 'heal', ...optionalInteger(fields, 'broker') }),
  slow: (id, fields) => ({
    id,
    op: 'slow',
    ...optionalInteger(fields, 'from'),
    ...optionalInteger(fields, 'to'),
    delayMs: within(fields, 'delayMs', 0, maxDelayMs),
  }),
  drop: (id, fields) => ({ id, op: 'drop', from: integer(fields, 'from'), to: integer(fields, 'to') }),
  'add-broker': (id, fields) => ({
    id,
    op: 'add-broker',
    ...(fields['rack'] === undefined ? {} : { rack: text(fields, 'rack') }),
  }),
  'remove-broker': (id, fields) => ({ id, op: 'remove-broker', broker: integer(fields, 'broker') }),
  events: (id, fields) => ({ id, op: 'events', ...optionalInteger(fields, 'since') }),
  shutdown: (id) => ({ id, op: 'shutdown' }),
};

/** Reads what came over `--control`, IPC or the socket. Throws a `BAD_ARGUMENT` error that says what is wrong. */
export function parseClusterCommand(message: unknown): ClusterCommand {
  if (message instanceof BadLine) throw bad(message.message);
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw bad('A command is a JSON object such as {"id":1,"op":"state"}');
  }
  const fields = message as Fields;
  const id = fields['id'];
  if (typeof id !== 'number' || !Number.isFinite(id)) throw bad(`"id" must be a number, not ${show(id)}`);
  const op = fields['op'];
  if (typeof op !== 'string' || !Object.hasOwn(readers, op)) {
    throw bad(`Unknown op ${show(op)}; known are ${Object.keys(readers).join(', ')}`);
  }
  return readers[op as ClusterOp](id, fields);
}

function integer(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    throw bad(`"${name}" must be a whole number, not ${show(value)}`);
  }
  return value;
}

function optionalInteger<N extends string>(fields: Fields, name: N): { readonly [Key in N]?: number } {
  return (fields[name] === undefined ? {} : { [name]: integer(fields, name) }) as { readonly [Key in N]?: number };
}

function within(fields: Fields, name: string, min: number, max: number): number {
  const value = integer(fields, name);
  if (value < min || value > max) throw bad(`"${name}" must be from ${min} to ${max}, not ${value}`);
  return value;
}

function flag(fields: Fields, name: string): boolean {
  const value = fields[name];
  if (typeof value !== 'boolean') throw bad(`"${name}" must be true or false, not ${show(value)}`);
  return value;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw bad(`"${name}" must be a string, not ${show(value)}`);
  return value;
}

function show(value: unknown): string {
  const shown = value === undefined ? 'missing' : JSON.stringify(value);
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}

function bad(message: string): ClusterError {
  return new ClusterError('BAD_ARGUMENT', message);
}
