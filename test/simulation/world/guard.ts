import crypto from 'node:crypto';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';

/**
 * Keeps the world outside of a simulation: while one runs, code of the product that asks the machine for the time, for
 * randomness, for a timer, a file or a socket fails, and the run with it.
 */

/** Frames to look at for whether the product is calling. */
const STACK_DEPTH = 30;
const PRODUCT = /[\\/]extension[\\/]/;

const realSetImmediate = setImmediate;
let running: ((error: unknown) => void) | undefined;
let isInstalled = false;

/** Code of the product reached past its ports. */
export class LeakError extends Error {
  constructor(what: string) {
    super(`${what} was called in a simulation; use the port`);
    this.name = 'LeakError';
  }
}

type AnyFunction = (this: unknown, ...args: never[]) => unknown;

function guarded(what: string, real: AnyFunction): AnyFunction {
  return function (this: unknown, ...args) {
    if (running !== undefined && isCalledByProduct()) {
      const error = new LeakError(what);
      running(error);
      throw error;
    }
    return new.target === undefined ? Reflect.apply(real, this, args) : Reflect.construct(real, args);
  };
}

function isCalledByProduct(): boolean {
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_DEPTH;
  const { stack } = new Error();
  Error.stackTraceLimit = depth;
  return PRODUCT.test(stack ?? '');
}

function replace(owner: object, prefix: string, names: readonly string[]): void {
  const target = owner as Record<string, unknown>;
  for (const name of names) {
    const real = target[name];
    if (typeof real !== 'function') continue;
    target[name] = Object.assign(guarded(prefix + name, real as AnyFunction), real);
  }
}

function install(): void {
  if (isInstalled) return;
  isInstalled = true;
  replace(globalThis, '', ['setTimeout', 'setInterval', 'setImmediate', 'fetch']);
  replace(Date, 'Date.', ['now']);
  replace(Math, 'Math.', ['random']);
  replace(performance, 'performance.', ['now']);
  replace(process, 'process.', ['hrtime']);
  replace(crypto, 'crypto.', ['randomBytes', 'randomInt', 'randomUUID', 'randomFillSync', 'randomFill']);
  replace(net, 'net.', ['createServer', 'connect', 'createConnection']);
  const files = Object.keys(fs).filter((name) =>
    /^(open|read|write|stat|mkdir|rename|unlink|rm|fsync|fdatasync|ftruncate|exists)/.test(name),
  );
  replace(fs, 'fs.', files);
  replace(fs.promises, 'fs.promises.', Object.keys(fs.promises));
  syncBuiltinESMExports();
}

/** Steps between two looks at the machine's own event loop. */
const STEPS_PER_TURN = 256;

/**
 * Calls `step` until it answers false or throws; promises settle between two calls. What is thrown, also by promises that
 * nobody awaits, goes to `failed`, and ends the run.
 */
export function guardedRun(step: () => boolean, failed: (error: unknown) => void): Promise<void> {
  install();
  return new Promise((resolve) => {
    let isOver = false;
    const onRejection = (error: unknown): void => failed(error);
    const end = (): void => {
      isOver = true;
      running = undefined;
      process.off('unhandledRejection', onRejection);
      resolve();
    };
    const once = (): void => {
      if (isOver) return;
      try {
        if (!step()) end();
      } catch (error) {
        failed(error);
        end();
      }
    };
    // Node settles promises between two callbacks of one turn: a turn of many costs less than many turns.
    const turn = (): void => {
      if (isOver) return;
      for (let i = 0; i < STEPS_PER_TURN; i++) realSetImmediate(once);
      realSetImmediate(turn);
    };
    running = failed;
    process.on('unhandledRejection', onRejection);
    turn();
  });
}
