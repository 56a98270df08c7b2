/**
 * Asks Apache Kafka's jars for its configs, feature ranges and metadata versions, and writes the answers to
 * extension/engine/metadata/kafka-facts.json.
 *
 *   node scripts/kafka-facts/generate.ts
 *
 * Needs a JDK, and Maven for the jars. A new Kafka version means: change it in test/support/apache-kafka-home.ts, run this.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { apacheKafkaVersion, classPath, installApacheKafka } from '../../test/support/apache-kafka-home.ts';

interface RawValidator {
  readonly kind: string;
  readonly min?: number;
  readonly max?: number;
  readonly validStrings?: readonly string[];
  readonly validString?: RawValidator;
  readonly isEmptyAllowed?: boolean;
  readonly isNullAllowed?: boolean;
}

interface RawDefinition {
  readonly name: string;
  readonly type: string;
  readonly default?: string | null;
  readonly internal?: true;
  readonly validator?: RawValidator;
}

interface RawFacts {
  readonly topic: readonly RawDefinition[];
  readonly broker: readonly RawDefinition[];
  readonly brokerQuota: readonly RawDefinition[];
  readonly group: readonly RawDefinition[];
  readonly clientMetrics: readonly RawDefinition[];
  readonly topicSynonyms: Readonly<Record<string, unknown>>;
  readonly groupSynonyms: Readonly<Record<string, string>>;
  readonly updateModes: Readonly<Record<string, string>>;
  readonly dynamicSecurity: readonly string[];
  readonly brokerSynonyms: Readonly<Record<string, readonly string[]>>;
  readonly metadataVersions: readonly Readonly<Record<string, unknown>>[];
  readonly features: readonly unknown[];
}

/** Validators of classes without state, by the config they guard. */
const namedChecks: Readonly<Record<string, string>> = {
  LambdaValidator: 'gzipLevel',
  ThrottledReplicaListValidator: 'throttledReplicas',
  Validator: 'autoOffsetReset',
  NonEmptyString: 'nonEmpty',
  NonNullValidator: 'nonNull',
  ControllerQuorumBootstrapServersValidator: 'hostPorts',
  ControllerQuorumVotersValidator: 'voters',
};

function check(raw: RawValidator | undefined): unknown {
  if (raw === undefined) return undefined;
  const values = raw.validStrings;
  switch (raw.kind) {
    case 'Range':
      return { kind: 'range', min: raw.min, max: raw.max };
    case 'ValidString':
      return { kind: 'oneOf', values };
    case 'CaseInsensitiveValidString':
      return { kind: 'oneOfIgnoringCase', values };
    case 'ValidList':
      return {
        kind: 'list',
        values: raw.validString?.validStrings?.length === 0 ? undefined : raw.validString?.validStrings,
        emptyAllowed: raw.isEmptyAllowed,
        nullAllowed: raw.isNullAllowed,
      };
    default: {
      const kind = namedChecks[raw.kind];
      if (kind === undefined) throw new Error(`no name for validator ${raw.kind}`);
      return { kind };
    }
  }
}

function run(): RawFacts {
  const classes = mkdtempSync(join(tmpdir(), 'kafka-facts-'));
  try {
    const source = fileURLToPath(new URL('KafkaFacts.java', import.meta.url));
    execFileSync('javac', ['-cp', classPath(), '-d', classes, source], { stdio: 'inherit' });
    const json = execFileSync('java', ['-cp', `${classes}:${classPath()}`, 'KafkaFacts'], { maxBuffer: 2 ** 24 });
    return JSON.parse(json.toString('utf8')) as RawFacts;
  } finally {
    rmSync(classes, { recursive: true });
  }
}

await installApacheKafka();
const raw = run();

const plain = ({ name, type, default: value, internal, validator }: RawDefinition) => ({
  name,
  type,
  default: value,
  internal,
  check: check(validator),
});

const facts = {
  kafkaVersion: apacheKafkaVersion,
  topic: raw.topic.map((definition) => ({ ...plain(definition), synonyms: raw.topicSynonyms[definition.name] })),
  broker: [
    ...raw.broker,
    ...raw.brokerQuota.filter(({ name }) => !raw.broker.some((other) => other.name === name)),
  ].map((definition) => ({
    ...plain(definition),
    dynamic: raw.updateModes[definition.name],
    synonyms: raw.brokerSynonyms[definition.name],
    dynamicOnly: raw.broker.includes(definition) ? undefined : true,
  })),
  group: raw.group.map((definition) => ({ ...plain(definition), broker: raw.groupSynonyms[definition.name] })),
  clientMetrics: raw.clientMetrics.map(plain),
  dynamicSecurity: raw.dynamicSecurity,
  metadataVersions: raw.metadataVersions.map((version) =>
    Object.fromEntries(Object.entries(version).filter(([, value]) => value !== false)),
  ),
  features: raw.features,
};

const target = fileURLToPath(new URL('../../extension/engine/metadata/kafka-facts.json', import.meta.url));
const options = { ...(await resolveConfig(target)), filepath: target };
writeFileSync(target, await format(JSON.stringify(facts), options));
