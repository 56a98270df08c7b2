import type { FileSystem } from '../common/file-system.ts';

/** `meta.properties` in the root of a log directory: to which cluster and node it belongs, and its own id. */
export interface MetaProperties {
  readonly clusterId: string;
  readonly nodeId: number;
  /** 22 characters; undefined in directories that an old Kafka formatted. */
  readonly directoryId: string | undefined;
}

export const META_PROPERTIES = 'meta.properties';

/** A `meta.properties` that cannot be used; the message says why. */
export class MetaPropertiesError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MetaPropertiesError';
  }
}

/** What a directory says of itself; undefined when it is not formatted. Throws MetaPropertiesError. */
export function readMetaProperties(fileSystem: FileSystem, directory: string): MetaProperties | undefined {
  const path = `${directory}/${META_PROPERTIES}`;
  if (!fileSystem.existsSync(path)) return undefined;
  const values = new Map<string, string>();
  for (const line of fileSystem.readFileSync(path).toString('utf8').split(/\r?\n/)) {
    const match = /^\s*([^#!=:\s]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    // Java escapes a few characters that ids may hold.
    if (match !== null) values.set(match[1]!, match[2]!.replace(/\\(.)/g, '$1'));
  }
  const version = values.get('version');
  const clusterId = values.get('cluster.id');
  const nodeId = Number(values.get('node.id') ?? values.get('broker.id'));
  if (version !== '1') throw new MetaPropertiesError(`${path} has version ${version ?? '(none)'}; 1 is expected.`);
  if (clusterId === undefined || clusterId === '') throw new MetaPropertiesError(`${path} names no cluster.id.`);
  if (!Number.isInteger(nodeId) || nodeId < 0) throw new MetaPropertiesError(`${path} names no node.id.`);
  return { clusterId, nodeId, directoryId: values.get('directory.id') };
}

export function writeMetaProperties(fileSystem: FileSystem, directory: string, properties: MetaProperties): void {
  const { clusterId, nodeId, directoryId } = properties;
  const lines = [`cluster.id=${clusterId}`, `node.id=${nodeId}`, 'version=1'];
  if (directoryId !== undefined) lines.splice(1, 0, `directory.id=${directoryId}`);
  fileSystem.writeFileAtomicSync(`${directory}/${META_PROPERTIES}`, `${lines.join('\n')}\n`);
}
