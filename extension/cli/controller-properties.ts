import type { VoterEndpoint, VoterKey } from '../client/admin/quorum-voters.ts';
import { list } from '../cluster/listeners.ts';
import { nodeFileSystem } from '../engine/common/node-file-system.ts';
import { MetaPropertiesError, readMetaProperties, type MetaProperties } from '../engine/log/meta-properties.ts';

export interface NewController extends VoterKey {
  readonly endpoints: readonly VoterEndpoint[];
}

const QUESTION = 'Is this a valid controller configuration file?';

/** What a controller's server.properties, and the directory that they name, say about it. Throws Error for what is missing. */
export function newControllerOf(properties: ReadonlyMap<string, string>): NewController {
  const nodeId = nodeIdOf(properties);
  const directory = metadataDirectory(properties);
  return { nodeId, directoryId: savedDirectoryId(directory), endpoints: endpointsOf(properties) };
}

function nodeIdOf(properties: ReadonlyMap<string, string>): number {
  const text = properties.get('node.id');
  if (text === undefined) throw new Error(`node.id not found in configuration file. ${QUESTION}`);
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`For input string: "${text}"`);
  const id = Number(text);
  if (id < 0) throw new Error(`node.id was negative in configuration file. ${QUESTION}`);
  if (!list(properties.get('process.roles')).includes('controller')) {
    throw new Error(`process.roles did not contain 'controller' in configuration file. ${QUESTION}`);
  }
  return id;
}

function metadataDirectory(properties: ReadonlyMap<string, string>): string {
  const directory = properties.get('metadata.log.dir') ?? list(properties.get('log.dirs'))[0];
  if (directory !== undefined) return directory;
  throw new Error(`Neither metadata.log.dir nor log.dirs were found. ${QUESTION}`);
}

/** The id that the controller gave its directory when that was formatted. */
function savedDirectoryId(directory: string): string {
  const id = savedProperties(directory).directoryId;
  if (id === undefined) throw new Error(`No directory id found in ${directory}`);
  return id;
}

function savedProperties(directory: string): MetaProperties {
  const unreadable = `Unable to read meta.properties from ${directory}`;
  let saved: MetaProperties | undefined;
  try {
    saved = readMetaProperties(nodeFileSystem, directory);
  } catch (cause) {
    if (!(cause instanceof MetaPropertiesError)) throw cause;
    throw new Error(`${unreadable}: ${cause.message}`, { cause });
  }
  if (saved === undefined) throw new Error(unreadable);
  return saved;
}

/** Where the other controllers reach it: the advertised address of a listener, or else the one it is bound to. */
function endpointsOf(properties: ReadonlyMap<string, string>): VoterEndpoint[] {
  const listeners = new Map<string, VoterEndpoint>();
  for (const key of ['listeners', 'advertised.listeners']) {
    for (const text of list(properties.get(key))) {
      const endpoint = parseListener(text);
      listeners.set(endpoint.name, endpoint);
    }
  }
  const names = properties.get('controller.listener.names');
  if (names === undefined) throw new Error(`controller.listener.names was not found. ${QUESTION}`);
  return list(names).map((name) => {
    const endpoint = listeners.get(name);
    if (endpoint !== undefined) return endpoint;
    throw new Error(`Cannot find information about controller listener name: ${name}`);
  });
}

/** `NAME://host:port`; without a host the controller is on this machine. */
function parseListener(text: string): VoterEndpoint {
  const match = /^([\w.-]+):\/\/\[?([^\]]*?)\]?:(\d+)$/.exec(text);
  if (match === null) throw new Error(`'${text}' is not a listener: write it as NAME://host:port`);
  const [, name, host, port] = match;
  return { name: name!.toUpperCase(), host: host === '' ? 'localhost' : host!, port: Number(port) };
}

const ID_BYTES = 16;
const LONGEST_ID = 24;

/** @throws Error unless the text is 16 bytes in URL-safe base64 */
export function directoryIdOf(text: string): string {
  const why = idProblem(text);
  if (why === undefined) return text;
  throw new Error(`Failed to parse --controller-directory-id: ${why}`);
}

function idProblem(text: string): string | undefined {
  if (text.length > LONGEST_ID) {
    return `Input string with prefix \`${text.slice(0, LONGEST_ID)}\` is too long to be decoded as a base64 UUID`;
  }
  if (text.length === 1) return 'Input byte[] should at least have 2 bytes for base64 bytes';
  const odd = /[^\w-]/.exec(text.replace(/={1,2}$/, ''))?.[0];
  if (odd !== undefined) return `Illegal base64 character ${odd.charCodeAt(0).toString(16)}`;
  const bytes = Buffer.from(text, 'base64url').length;
  if (bytes === ID_BYTES) return undefined;
  const size = `which is not equal to the expected ${ID_BYTES} bytes of a base64-encoded UUID`;
  return `Input string \`${text}\` decoded as ${bytes} bytes, ${size}`;
}
