import { apacheKafkaHome, installApacheKafka, jvmArguments } from './apache-kafka-home.ts';
import { Child } from './child.ts';
import type { Finished } from './child.ts';

const tools = 'org.apache.kafka.tools';

/** Apache Kafka's command-line tools by the names of their scripts, without `kafka-` and `.sh`. */
export const toolClasses = {
  acls: `${tools}.AclCommand`,
  'broker-api-versions': `${tools}.BrokerApiVersionsCommand`,
  'client-metrics': `${tools}.ClientMetricsCommand`,
  cluster: `${tools}.ClusterTool`,
  configs: 'kafka.admin.ConfigCommand',
  'console-consumer': `${tools}.consumer.ConsoleConsumer`,
  'console-producer': `${tools}.ConsoleProducer`,
  'console-share-consumer': `${tools}.consumer.ConsoleShareConsumer`,
  'consumer-groups': `${tools}.consumer.group.ConsumerGroupCommand`,
  'consumer-perf': `${tools}.ConsumerPerformance`,
  'delegation-tokens': `${tools}.DelegationTokenCommand`,
  'delete-records': `${tools}.DeleteRecordsCommand`,
  'dump-log': `${tools}.DumpLogSegments`,
  'e2e-latency': `${tools}.EndToEndLatency`,
  features: `${tools}.FeatureCommand`,
  'get-offsets': `${tools}.GetOffsetShell`,
  groups: `${tools}.GroupsCommand`,
  'leader-election': `${tools}.LeaderElectionCommand`,
  'log-dirs': `${tools}.LogDirsCommand`,
  'metadata-quorum': `${tools}.MetadataQuorumCommand`,
  'metadata-shell': 'org.apache.kafka.shell.MetadataShell',
  'producer-perf': `${tools}.ProducerPerformance`,
  'reassign-partitions': `${tools}.reassign.ReassignPartitionsCommand`,
  'replica-verification': `${tools}.ReplicaVerificationTool`,
  'share-groups': `${tools}.consumer.group.ShareGroupCommand`,
  storage: 'kafka.tools.StorageTool',
  'streams-groups': `${tools}.streams.StreamsGroupCommand`,
  topics: `${tools}.TopicCommand`,
  transactions: `${tools}.TransactionsCommand`,
  'verifiable-consumer': `${tools}.VerifiableConsumer`,
  'verifiable-producer': `${tools}.VerifiableProducer`,
} as const;

export type ToolName = keyof typeof toolClasses;

export interface ToolOptions {
  /** Standard input, which is then closed. */
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs?: number;
  /** Flags of the JVM, such as `-Xmx2g`. */
  readonly jvm?: readonly string[];
  /** Flags that start a JVM fast and make it slow in the long run; on by default, off for measurements. */
  readonly quickStart?: boolean;
  /** Level of the log lines on standard error; WARN by default. */
  readonly logLevel?: 'ERROR' | 'WARN' | 'INFO' | 'DEBUG';
  /** Put before the jars on the class path: a folder of compiled classes, for instance. */
  readonly classPath?: string;
  readonly cwd?: string;
}

/** Starts a main class of Apache Kafka's jars (or of `classPath`) and returns the running process. */
export async function startJava(main: string, args: readonly string[], options: ToolOptions = {}): Promise<Child> {
  await installApacheKafka();
  const jvm = ['-Xmx512m', ...(options.jvm ?? [])];
  const before = jvmArguments(options.logLevel ?? 'WARN', jvm, options.quickStart);
  if (options.classPath !== undefined) {
    before.push(`${options.classPath}:${before.pop() ?? ''}`);
  }
  return new Child('java', [...before, main, ...args], options.cwd === undefined ? {} : { cwd: options.cwd });
}

/** Starts one of Apache Kafka's tools, such as a console consumer that a test ends itself. */
export function startTool(name: ToolName, args: readonly string[], options: ToolOptions = {}): Promise<Child> {
  return startJava(toolClasses[name], args, options);
}

/** Runs a main class to its end. */
export async function runJava(main: string, args: readonly string[], options: ToolOptions = {}): Promise<Finished> {
  const child = await startJava(main, args, options);
  child.endInput(options.stdin);
  return child.wait(options.timeoutMs ?? 60_000);
}

/** Runs one of Apache Kafka's tools to its end, whatever its exit code. */
export function runTool(name: ToolName, args: readonly string[], options: ToolOptions = {}): Promise<Finished> {
  return runJava(toolClasses[name], args, options);
}

/** Runs a tool that is expected to succeed and returns its standard output; rejects with everything it said otherwise. */
export async function tool(name: ToolName, args: readonly string[], options: ToolOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runTool(name, args, options);
  if (code !== 0) throw new Error(`${name} ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** The folder that holds `libs/`, for tests that compile against the jars. */
export const jarFolder = `${apacheKafkaHome}/libs`;
