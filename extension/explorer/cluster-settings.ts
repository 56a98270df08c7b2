import { join } from 'node:path';
import type { ClusterOptions } from '../cluster/cluster-options.ts';
import { readTopology } from '../cluster/topology.ts';
import { readSetting } from '../settings/configuration.ts';
import { dataDirectory } from '../settings/data-directory.ts';
import type { ClusterHostKind } from '../settings/setting.ts';
import { RunMemory } from './run-memory.ts';

/** The settings of the embedded cluster, as they count at the moment. */
export interface ClusterSettings {
  readonly host: ClusterHostKind;
  readonly options: ClusterOptions & { readonly dataDir: string };
}

/**
 * Reads the settings. `globalStorage` is VS Code's folder for us.
 *
 * @throws RangeError for people, when they cannot be meant so
 */
export function clusterSettings(globalStorage: string): ClusterSettings {
  const dataDir = clusterDataDirectory(globalStorage);
  const config = Object.entries(readSetting('cluster.config')).map(([name, value]) => [name, String(value)] as const);
  return {
    host: readSetting('cluster.host'),
    options: {
      // One that exists has been given its brokers, and more or fewer since.
      ...(isNewCluster(dataDir)
        ? { brokers: readSetting('cluster.brokers'), controllers: readSetting('cluster.controllers') }
        : {}),
      port: readSetting('cluster.port'),
      dataDir,
      config: Object.fromEntries(config),
    },
  };
}

function isNewCluster(dataDir: string): boolean {
  try {
    const { brokers, controllers } = readTopology(dataDir);
    return brokers.length === 0 && controllers.length === 0;
  } catch {
    // The start says what is wrong with the directory.
    return true;
  }
}

/** Where the cluster's data are, or will be. Throws as `clusterSettings` does. */
export function clusterDataDirectory(globalStorage: string): string {
  return dataDirectory(readSetting('cluster.dataDirectory'), globalStorage);
}

/** The memory of whether the cluster of these settings is wanted. Settings that are wrong remember nothing of others. */
export function runMemory(globalStorage: string): RunMemory {
  let dataDir = '';
  try {
    dataDir = clusterDataDirectory(globalStorage);
  } catch {
    // The start says what is wrong with the setting.
  }
  return new RunMemory(join(globalStorage, 'running'), dataDir);
}
