import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * Lets the command line (`dist/cli.cjs`) write `kafka-topics.sh` and its siblings into a folder, so that they start it by
 * the runtime that runs us. Rejects with what it said.
 */
export async function installLaunchers(cliFile: string, folder: string): Promise<void> {
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  await promisify(execFile)(process.execPath, [cliFile, 'launchers', folder], { env });
}
