import type { Definition } from './definition.ts';
import { fileName, HEADER, variableName } from './emit-message.ts';

/** The API keys with what each serves: data only, so that whoever asks for a version need not load the codecs. */
export function emitApis(definitions: readonly Definition[]): string {
  const requests = definitions.filter((d) => d.kind === 'request').sort((a, b) => a.apiKey - b.apiKey);
  const short = (d: Definition) => d.name.replace(/Request$/, '');
  const lines = [HEADER, '', '/** API keys by name. */', 'export const ApiKey = {'];
  for (const d of requests) lines.push(`  ${short(d)}: ${d.apiKey},`);
  lines.push('} as const;', '', 'export type ApiName = keyof typeof ApiKey;', '');
  lines.push(
    '/** One API: the versions that the definitions hold, and the listeners that serve it. */',
    'export interface ApiInfo {',
    '  readonly key: number;',
    '  readonly name: ApiName;',
    '  readonly lowestVersion: number;',
    '  readonly highestVersion: number;',
    '  /** Below `highestVersion` while the newest version is not offered by default. */',
    '  readonly highestStableVersion: number;',
    '  readonly firstFlexibleVersion: number;',
    "  readonly listeners: readonly ('broker' | 'controller')[];",
    '}',
    '',
    '/** All APIs, ascending by key. */',
    'export const APIS: readonly ApiInfo[] = [',
  );
  for (const d of requests) {
    const { lowest, highest } = d.versions;
    const flexible = d.flexible.lowest > d.flexible.highest ? highest + 1 : d.flexible.lowest;
    const listeners = d.listeners.map((listener) => `'${listener}'`).join(', ');
    lines.push(
      `  { key: ${d.apiKey}, name: '${short(d)}', lowestVersion: ${lowest}, highestVersion: ${highest}, ` +
        `highestStableVersion: ${d.latestVersionUnstable ? highest - 1 : highest}, ` +
        `firstFlexibleVersion: ${flexible}, listeners: [${listeners}] },`,
    );
  }
  lines.push('];', '');
  return lines.join('\n');
}

/** Every message in one list: for tests and for tools that show any message. */
export function emitAllMessages(definitions: readonly Definition[]): string {
  const lines = [HEADER, "import type { AnyMessageType } from '../message-type.ts';"];
  for (const d of definitions) lines.push(`import { ${variableName(d.name)} } from './${fileName(d.name)}';`);
  lines.push(
    '',
    '/** A message with the Kafka module that defines it and its kind (request, response, metadata, …). */',
    'export interface ListedMessage {',
    '  readonly module: string;',
    '  readonly kind: string;',
    '  readonly type: AnyMessageType;',
    '}',
    '',
    'export const ALL_MESSAGES: readonly ListedMessage[] = [',
  );
  for (const d of definitions) {
    lines.push(`  { module: '${d.module}', kind: '${d.kind}', type: ${variableName(d.name)} },`);
  }
  lines.push('];', '');
  return lines.join('\n');
}
