import { homedir } from 'node:os';
import { isAbsolute, join, normalize } from 'node:path';
import { t } from './localize.ts';

/**
 * The folder of the cluster's data: what the setting says (`~` is the home folder), or one below VS Code's global storage.
 *
 * @throws RangeError when the setting is no absolute path
 */
export function dataDirectory(setting: string, globalStorage: string, home: string = homedir()): string {
  if (setting === '') return join(globalStorage, 'cluster');
  const path = /^~(?=$|[/\\])/.test(setting) ? join(home, setting.slice(1)) : setting;
  if (isAbsolute(path)) return normalize(path).replace(/(?<=.)[/\\]+$/, '');
  throw new RangeError(
    t("The data folder '{0}' is not an absolute path (setting samsa.cluster.dataDirectory).", setting),
  );
}
