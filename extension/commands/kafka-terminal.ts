import * as vscode from 'vscode';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { onDidChangeSetting, readSetting } from '../settings/configuration.ts';
import { t } from '../settings/localize.ts';
import { serverProperties, zookeeperProperties } from './terminal-files.ts';

export interface KafkaTerminalOptions {
  /** A folder of ours; gets `bin/` and `config/`. */
  readonly folder: string;
  /** Changes with whatever the commands in `bin/` depend on. */
  readonly version: string;
  /** Puts Kafka's commands into the folder `bin`. */
  readonly installCommands: (bin: string) => Promise<void>;
  readonly collection: vscode.EnvironmentVariableCollection;
  /** What `config/server.properties` says. */
  readonly cluster: () => { readonly port: number; readonly dataDir: string };
  readonly bootstrap: () => string | undefined;
  /** Told when the commands could not be put there. */
  readonly onError: (error: unknown) => void;
}

/**
 * Kafka's commands in the integrated terminal: by name in every terminal, and below `./bin/` in the Kafka terminal, whose
 * folder looks like Kafka's own, as no PATH makes a path with a slash work.
 */
export class KafkaTerminal implements vscode.Disposable, vscode.TerminalProfileProvider {
  readonly #options: KafkaTerminalOptions;
  readonly #disposables: vscode.Disposable[];
  #installing: Promise<void> | undefined;

  constructor(options: KafkaTerminalOptions) {
    this.#options = options;
    this.#disposables = [
      vscode.window.registerTerminalProfileProvider('samsa.terminal', this),
      vscode.window.onDidOpenTerminal(() => this.prepare()),
      onDidChangeSetting(['terminal.addToPath'], () => this.#extendPath()),
    ];
    this.#extendPath();
    if (vscode.window.terminals.length > 0) setImmediate(() => this.prepare());
  }

  /** To be called when somebody is about to need the commands; nothing is installed for those who never do. */
  prepare(): void {
    this.install().catch(this.#options.onError);
  }

  /** Makes sure that the commands are there and of this version. */
  install(): Promise<void> {
    this.#installing ??= this.#install().catch((error: unknown) => {
      this.#installing = undefined;
      throw error;
    });
    return this.#installing;
  }

  async open(): Promise<vscode.Terminal> {
    const terminal = vscode.window.createTerminal(await this.#terminalOptions());
    terminal.show();
    return terminal;
  }

  async provideTerminalProfile(): Promise<vscode.TerminalProfile> {
    return new vscode.TerminalProfile(await this.#terminalOptions());
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  get #bin(): string {
    return join(this.#options.folder, 'bin');
  }

  #extendPath(): void {
    const { collection } = this.#options;
    if (!readSetting('terminal.addToPath')) return collection.clear();
    collection.description = t('Adds `kafka-topics.sh`, `kafka-console-producer.sh` and their siblings.');
    // Also after the shell's own start-up files, which like to set PATH anew.
    const options = { applyAtProcessCreation: true, applyAtShellIntegration: true };
    collection.prepend('PATH', `${this.#bin}${delimiter}`, options);
  }

  async #install(): Promise<void> {
    const { folder, version, installCommands } = this.#options;
    const stamp = join(folder, 'version');
    if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return;
    await mkdir(this.#bin, { recursive: true });
    await installCommands(this.#bin);
    await writeFile(stamp, version);
  }

  /** The configs follow the settings, so they are written for each terminal. */
  async #terminalOptions(): Promise<vscode.TerminalOptions> {
    await this.install();
    const { folder, cluster, bootstrap } = this.#options;
    const config = join(folder, 'config');
    await mkdir(config, { recursive: true });
    const { port, dataDir } = cluster();
    await writeFile(join(config, 'server.properties'), serverProperties(port, dataDir));
    await writeFile(join(config, 'zookeeper.properties'), zookeeperProperties);
    const address = bootstrap();
    return {
      name: t('Kafka'),
      cwd: folder,
      iconPath: new vscode.ThemeIcon('terminal'),
      message:
        address === undefined
          ? t('The cluster is off; start it from the Samsa view. Kafka commands are in ./bin and on the PATH.')
          : t('The cluster is at {0}. Kafka commands are in ./bin and on the PATH.', address),
    };
  }
}
