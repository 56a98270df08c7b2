import { Admin } from '../client/admin.ts';
import type { BrokerVersions } from '../client/admin/cluster.ts';
import { APIS } from '../protocol/generated/apis.ts';
import { BOOTSTRAP_OPTION, clusterTool, COMMAND_CONFIG_OPTION, messageOf, withClient } from './cluster-tool.ts';
import { UsageError } from './option-parser.ts';
import { print } from './tool-io.ts';

/** `kafka-broker-api-versions`: which versions of which APIs brokers serve, and which of them both sides know. */
export const run = clusterTool({
  about: 'Shows what versions of the API brokers serve.',
  options: [BOOTSTRAP_OPTION, COMMAND_CONFIG_OPTION],
  execute: async (options, io) => {
    if (!options.has('bootstrap-server')) throw new UsageError('Missing required argument "[bootstrap-server]"');
    return withClient(options, io, async (client) => {
      const admin = new Admin(client);
      const { brokers } = await admin.describeCluster();
      for (const broker of brokers) {
        const { id, host, port, rack, isFenced } = broker;
        const name = `${host}:${port} (id: ${id} rack: ${rack} isFenced: ${isFenced})`;
        try {
          print(io.stdout, `${name} -> (\n${versionLines(await admin.brokerVersions(id)).join(',\n')}\n)`);
        } catch (error) {
          print(io.stdout, `${name} -> ERROR: ${messageOf(error as Error)}`);
        }
      }
      return 0;
    });
  },
});

/** A line per API that either side knows. */
export function versionLines({ apis }: Pick<BrokerVersions, 'apis'>): string[] {
  const lines: string[] = [];
  for (const { key, name, lowestVersion, highestStableVersion, listeners } of APIS) {
    const range = apis.get(key);
    if (range === undefined) {
      if (listeners.includes('broker')) lines.push(`\t${name}(${key}): UNSUPPORTED`);
      continue;
    }
    const served = range.min === range.max ? `${range.min}` : `${range.min} to ${range.max}`;
    const usable = Math.min(range.max, highestStableVersion);
    const isUsable = usable >= Math.max(range.min, lowestVersion);
    lines.push(`\t${name}(${key}): ${served} [${isUsable ? `usable: ${usable}` : 'unusable: node too old'}]`);
  }
  for (const [key, range] of apis) {
    if (APIS.some((api) => api.key === key)) continue;
    lines.push(`\tUNKNOWN(${key}): ${range.min} to ${range.max} [unusable]`);
  }
  return lines;
}
