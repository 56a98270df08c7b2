// What may import what. The first layer whose pattern matches a file is the file's layer; a file of extension/ or webview/
// without a layer is an error. Files of one layer may import each other.

export interface Layer {
  readonly name: string;
  /** Matches paths relative to the root, with slashes. */
  readonly path: string;
  /** Patterns of other files it may import. */
  readonly may: readonly string[];
  /** Node's modules it may import, without `node:`; `all` for any. */
  readonly node: readonly string[] | 'all';
  /** npm packages it may import. `vscode` counts as one. */
  readonly packages: readonly string[];
}

const shared = '^extension/shared/';
const protocol = '^extension/protocol/';
const records = '^extension/records/';
const net = '^extension/net/';
const common = '^extension/engine/common/';
const log = '^extension/engine/log/';
const engine = '^extension/engine/';
const cluster = '^extension/cluster/';
const client = '^extension/client/';
const settings = '^extension/settings/';

/** Modules that are plain data structures or pure functions: no input, output, clock or randomness. */
const pureNode = ['buffer', 'events', 'util'];

export const layers: readonly Layer[] = [
  { name: 'shared', path: shared, may: [], node: [], packages: [] },
  { name: 'protocol', path: protocol, may: [], node: ['buffer'], packages: [] },
  {
    name: 'records',
    path: records,
    may: [protocol],
    node: ['buffer', 'module', 'zlib'],
    packages: ['@platformatic/wasm-utils', 'fzstd', '@node-rs/crc32'],
  },
  { name: 'net', path: net, may: [protocol], node: 'all', packages: [] },
  { name: 'engine/common', path: common, may: [shared, protocol], node: 'all', packages: [] },
  { name: 'engine/log', path: log, may: [common, records, protocol], node: ['buffer'], packages: [] },
  {
    name: 'engine/raft driver',
    path: '^extension/engine/raft/(driver/|[^/]*driver[^/]*$)',
    may: [common, log, records, protocol, '^extension/engine/raft/'],
    node: ['buffer'],
    packages: [],
  },
  { name: 'engine/raft core', path: '^extension/engine/raft/', may: [common], node: [], packages: [] },
  {
    name: 'engine/metadata',
    path: '^extension/engine/metadata/',
    may: [shared, common, protocol, records, '^extension/engine/raft/[^/]*ports?\\.ts$'],
    node: pureNode,
    packages: [],
  },
  {
    name: 'engine/coordinator',
    path: '^extension/engine/coordinator/',
    may: [common, protocol, records, '^extension/engine/raft/[^/]*ports?\\.ts$'],
    node: pureNode,
    packages: [],
  },
  { name: 'engine/server', path: '^extension/engine/server/', may: [common, protocol], node: 'all', packages: [] },
  {
    name: 'engine/broker',
    path: '^extension/engine/broker/',
    may: [engine, net, records, protocol, shared],
    node: 'all',
    packages: [],
  },
  { name: 'cluster', path: cluster, may: [shared, engine, protocol], node: 'all', packages: [] },
  {
    name: 'cli',
    path: '^extension/cli/',
    may: [shared, cluster, client, records, protocol, log, common],
    node: 'all',
    packages: [],
  },
  { name: 'client', path: client, may: [shared, net, protocol, records], node: 'all', packages: [] },
  { name: 'settings', path: settings, may: [shared], node: 'all', packages: ['vscode'] },
  {
    name: 'segment editor',
    path: '^extension/views/segment[^/]*(/|\\.ts$)',
    may: [client, cluster, shared, settings, records, protocol, '^extension/(explorer|commands|views)/'],
    node: 'all',
    packages: ['vscode'],
  },
  {
    name: 'explorer, commands, views',
    path: '^extension/(explorer|commands|views)/',
    may: [client, cluster, shared, settings],
    node: 'all',
    packages: ['vscode'],
  },
  {
    name: 'composition root',
    path: '^extension/extension\\.ts$',
    may: [client, cluster, shared, settings, '^extension/(explorer|commands|views)/'],
    node: 'all',
    packages: ['vscode'],
  },
  {
    name: 'webview',
    path: '^webview/',
    may: [shared],
    node: [],
    packages: ['lit', 'uplot'],
  },
];

/** The only module that may import the toolkit: where a successor would go. */
export const toolkitPackage = '@vscode/webview-ui-toolkit';
export const toolkitModules = '^webview/shared/';
