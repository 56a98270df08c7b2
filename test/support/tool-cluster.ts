import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tool } from '../../extension/cli/tool-io.ts';
import type { NewRecord } from '../../extension/records/record.ts';
import { FakeBroker } from './fake-broker.ts';
import { FakeTopics } from './fake-topics.ts';
import { runTool, type ToolResult } from './run-tool.ts';

/** A scripted broker with topics, for tests of the command line tools. */
export class ToolCluster {
  readonly broker: FakeBroker;
  readonly topics: FakeTopics;
  readonly #folders: string[] = [];

  private constructor(broker: FakeBroker) {
    this.broker = broker;
    this.topics = new FakeTopics().serve(broker);
    broker.on('InitProducerId', () => ({ throttleTimeMs: 0, errorCode: 0, producerId: 1, producerEpoch: 0 }));
  }

  static async start(): Promise<ToolCluster> {
    return new ToolCluster(await FakeBroker.start());
  }

  /** Runs a tool against the broker. */
  run(tool: Tool, args: string, input?: string | Buffer): Promise<ToolResult> {
    const options = input === undefined ? {} : { input };
    return runTool(tool, `--bootstrap-server ${this.broker.address} ${args}`, options);
  }

  /** Writes a file that goes with the cluster; its path. */
  file(name: string, content: string): string {
    const folder = mkdtempSync(join(tmpdir(), 'samsa-tools-'));
    this.#folders.push(folder);
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  }

  async stop(): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
    for (const folder of this.#folders.splice(0)) rmSync(folder, { recursive: true });
  }
}

export function named(...names: string[]): NewRecord[] {
  return names.map((name) => ({ value: Buffer.from(name) }));
}
