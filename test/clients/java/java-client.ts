import { fileURLToPath } from 'node:url';
import { startJava } from '../../support/apache-kafka-tools.ts';
import type { Child } from '../../support/child.ts';

const END = /^(end|failed: .*)$/m;

/** One JVM with Kafka's own clients and DumpLogSegments, which does what BothWays.java lists, command after command. */
export class JavaClient implements AsyncDisposable {
  readonly #child: Child;
  #read = 0;

  private constructor(child: Child) {
    this.#child = child;
  }

  static async start(): Promise<JavaClient> {
    const source = fileURLToPath(new URL('BothWays.java', import.meta.url));
    return new JavaClient(await startJava(source, [], { logLevel: 'ERROR' }));
  }

  /** Answers the lines that the command printed. Rejects with what went wrong. */
  async run(...words: readonly (string | number)[]): Promise<string[]> {
    const start = this.#read;
    this.#child.write(`${words.join(' ')}\n`);
    await this.#child.waitForOutput((stdout) => END.test(stdout.slice(start)), 90_000);
    const output = this.#child.stdout.slice(start);
    const { 0: end, index } = END.exec(output)!;
    this.#read = start + index + end.length + 1;
    if (end !== 'end') throw new Error(`${words.join(' ')} ${end}\n${this.#child.stderr.slice(-4000)}`);
    return output.slice(0, index).split('\n').slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.kill();
  }
}
