import type { FileSystem } from '../../common/file-system.ts';
import { RaftError, RaftErrorCode } from '../raft-ports.ts';

/** `meta.properties` in the root of each log directory: whose it is. */
export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  /** Never changes; undefined in directories older than Kafka 3.7. */
  readonly directoryId: string | undefined;
}

export const META_PROPERTIES = 'meta.properties';

/**
 * What the file says; undefined where there is none.
 *
 * @throws RaftError INCONSISTENT_DIRECTORY when it can't be made sense of
 */
export function readMetaProperties(fileSystem: FileSystem, logDir: string): MetaProperties | undefined {
  const path = `${logDir}/${META_PROPERTIES}`;
  if (!fileSystem.existsSync(path)) return undefined;
  const properties = parseProperties(fileSystem.readFileSync(path).toString('latin1'));
  const version = properties.get('version');
  const clusterId = properties.get('cluster.id');
  const nodeId = Number(properties.get('node.id') ?? NaN);
  if (version !== '1' || clusterId === undefined || !Number.isSafeInteger(nodeId) || nodeId < 0) {
    throw new RaftError(
      RaftErrorCode.INCONSISTENT_DIRECTORY,
      `${path} does not name a cluster and a node (version=1, cluster.id, node.id); give another directory.`,
    );
  }
  return { clusterId, nodeId, directoryId: properties.get('directory.id') };
}

export function writeMetaProperties(fileSystem: FileSystem, logDir: string, meta: MetaProperties): void {
  const lines = ['version=1', `cluster.id=${meta.clusterId}`, `node.id=${meta.nodeId}`];
  if (meta.directoryId !== undefined) lines.push(`directory.id=${meta.directoryId}`);
  fileSystem.writeFileAtomicSync(`${logDir}/${META_PROPERTIES}`, lines.map((line) => `${line}\n`).join(''));
}

/** Java's properties, without continuation lines and unicode escapes: nothing here needs them. */
function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!\s=:][^=:]*?)\s*[=:]\s*(.*)$/.exec(line);
    if (match !== null) properties.set(match[1]!, match[2]!.replace(/\\(.)/g, '$1'));
  }
  return properties;
}
