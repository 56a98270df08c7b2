import { topicConfigs } from '../../../extension/engine/metadata/config-definitions.ts';

/** Good and bad for some config of each type. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  INT: ['', ' 7 ', '+7', '-1', '0', '1', '17', '23', '1e3', '0x10', '1.0', '1048575', '2147483647', '2147483648'],
  LONG: ['', ' 7 ', '+7', '-3', '-2', '-1', '0', '9223372036854775807', '9223372036854775808', '-9223372036854775808'],
  DOUBLE: ['', ' 0.5 ', '0', '1', '1.01', '-0.1', '5e-1', 'NaN', '.5', 'half'],
  BOOLEAN: ['', ' true ', 'TRUE', 'no', '1'],
  STRING: ['', ' zstd ', 'ZSTD', 'gzip', 'uncompressed', 'none', 'producer', 'LogAppendTime', 'logappendtime'],
  LIST: [
    '',
    ' ',
    'delete',
    'compact, delete',
    'delete,delete',
    'compact,,delete',
    ',',
    'burn',
    '*',
    '0:1,1:1',
    '0:x',
    '1',
  ],
};

interface TopicConfigs {
  readonly name: string;
  readonly configs: readonly { readonly name: string; readonly value: string }[];
}

/** One topic for each topic config of Kafka and each value that may or may not be right for its type. */
export function topicsWithEachConfig(): TopicConfigs[] {
  return [...topicConfigs.values()].flatMap(({ name, type }) =>
    VALUES[type]!.map((value, index) => ({ name: `${name}-${index}`, configs: [{ name, value }] })),
  );
}

/** Configs that are right or wrong only together. */
export function topicsWithConfigsTogether(): TopicConfigs[] {
  const together: readonly Readonly<Record<string, string>>[] = [
    { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '9' },
    { 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '10' },
    { 'remote.storage.enable': 'true', 'cleanup.policy': 'compact' },
    { 'remote.log.copy.disable': 'true', 'local.retention.ms': '5', 'retention.ms': '6' },
    { 'remote.log.delete.on.disable': 'true', 'remote.storage.enable': 'false' },
    { 'local.retention.ms': '100', 'retention.ms': '10' },
    { 'local.retention.bytes': '100', 'retention.bytes': '10' },
    { 'segment.bytes': '1048576', 'internal.segment.bytes': '100' },
    { 'segment.jitter.ms': '100', 'segment.ms': '10' },
    { 'compression.type': 'gzip', 'compression.gzip.level': '10' },
    { 'max.message.bytes': '2000000', 'segment.bytes': '1048576' },
  ];
  return together.map((configs, index) => ({
    name: `together-${index}`,
    configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
  }));
}
