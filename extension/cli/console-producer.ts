import { Producer, type ProducerOptions, type RecordToProduce } from '../client/producer.ts';
import { KafkaError } from '../client/kafka-error.ts';
import {
  BOOTSTRAP_OPTION,
  clusterTool,
  COMMAND_CONFIG_OPTION,
  messageOf,
  propertiesOf,
  withClient,
} from './cluster-tool.ts';
import { expectOneSpelling } from './deprecated-option.ts';
import { LineMessageReader } from './line-message-reader.ts';
import { LineSplitter } from './line-splitter.ts';
import { exceptionName, logLine } from './log-line.ts';
import { UsageError, type OptionSpec, type ParsedOptions } from './option-parser.ts';
import { interruptedExitCode, print, type ToolIo } from './tool-io.ts';

const ERROR_LOGGER = 'org.apache.kafka.clients.producer.internals.ErrorLoggingCallback';

const READER_ABOUT =
  'How lines are read: parse.key=false, parse.headers=false, ignore.error=false, key.separator=TAB, ' +
  'headers.delimiter=TAB, headers.separator=, headers.key.separator=: null.marker=(none).';

const OPTIONS: readonly OptionSpec[] = [
  BOOTSTRAP_OPTION,
  COMMAND_CONFIG_OPTION,
  { name: 'topic', argument: 'name', about: 'REQUIRED: the topic to write to.' },
  { name: 'sync', about: 'Wait for each record before the next one.' },
  {
    name: 'compression-codec',
    argument: 'codec',
    isArgumentOptional: true,
    about: 'none, gzip, snappy, lz4 or zstd; gzip when no codec is named.',
  },
  { name: 'request-required-acks', argument: 'acks', about: '-1 or all (default), 1, or 0.' },
  { name: 'request-timeout-ms', argument: 'ms', about: 'How long the broker waits for replicas.' },
  { name: 'max-block-ms', argument: 'ms', about: 'How long to wait for the topic (60000).' },
  {
    name: 'batch-size',
    argument: 'bytes',
    about: 'Accepted; batches grow by themselves while others are on their way.',
  },
  { name: 'max-memory-bytes', argument: 'bytes', about: 'How much may wait to be written (33554432).' },
  { name: 'max-partition-memory-bytes', argument: 'bytes', about: 'Deprecated: use --batch-size.' },
  { name: 'message-send-max-retries', argument: 'count', about: 'Accepted; a record is tried for two minutes.' },
  { name: 'metadata-expiry-ms', argument: 'ms', about: 'Accepted; five minutes.' },
  { name: 'retry-backoff-ms', argument: 'ms', about: 'Accepted.' },
  { name: 'socket-buffer-size', argument: 'bytes', about: 'Accepted.' },
  { name: 'timeout', argument: 'ms', about: 'Accepted; records leave at once.' },
  { name: 'line-reader', argument: 'class', about: 'Accepted for the default reader only.' },
  { name: 'reader-property', argument: 'key=value', about: READER_ABOUT },
  { name: 'reader-config', argument: 'file', about: 'A file of such properties.' },
  { name: 'property', argument: 'key=value', about: 'Deprecated: use --reader-property.' },
  { name: 'command-property', argument: 'key=value', about: 'A property of the producer: acks, compression.type, …' },
  { name: 'producer-property', argument: 'key=value', about: 'Deprecated: use --command-property.' },
  { name: 'producer.config', argument: 'file', about: 'Deprecated: use --command-config.' },
];

/** `kafka-console-producer`: each line of standard input becomes a record. */
export const run = clusterTool({
  about: 'Reads lines from standard input and writes them to a topic.',
  options: OPTIONS,
  execute: async (options, io) => {
    for (const name of ['topic', 'bootstrap-server']) {
      if (!options.has(name)) throw new UsageError(`Missing required argument "[${name}]"`);
    }
    expectOneSpelling(options, [
      ['property', 'reader-property'],
      ['producer-property', 'command-property'],
      ['producer.config', 'command-config'],
    ]);
    warnOfOldSpellings(options, io);
    if (options.has('line-reader') && options.value('line-reader') !== 'org.apache.kafka.tools.LineMessageReader') {
      throw new Error(`Readers other than org.apache.kafka.tools.LineMessageReader need Apache Kafka's own tool`);
    }
    const topic = options.required('topic');
    const reader = new LineMessageReader(propertiesOf(options, ['reader-config'], ['property', 'reader-property']));
    const properties = propertiesOf(
      options,
      ['producer.config', 'command-config'],
      ['producer-property', 'command-property'],
    );
    const producerOptions = optionsOf(options, properties);
    return withClient(
      options,
      io,
      async (client) => {
        const session = new Session(new Producer(client, producerOptions), topic, options.has('sync'), io);
        await session.readAll(reader);
        return session.exitCode;
      },
      { properties, clientId: 'console-producer', keepsOpenOnAbort: true },
    );
  },
});

function warnOfOldSpellings(options: ParsedOptions, io: ToolIo): void {
  const current = {
    property: 'reader-property',
    'producer-property': 'command-property',
    'producer.config': 'command-config',
  };
  for (const [old, name] of Object.entries(current)) {
    if (!options.has(old)) continue;
    print(io.stdout, `Warning: --${old} is deprecated and will be removed in a future version. Use --${name} instead.`);
  }
}

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const ACKS: Readonly<Record<string, 'all' | 0 | 1>> = { all: 'all', '-1': 'all', '0': 0, '1': 1 };

function optionsOf(options: ParsedOptions, properties: ReadonlyMap<string, string>): ProducerOptions {
  const codecName = options.has('compression-codec')
    ? (options.value('compression-codec') ?? 'gzip')
    : (properties.get('compression.type') ?? 'none');
  const compression = CODECS.find((name) => name === codecName);
  if (compression === undefined) {
    throw new Error(`Invalid value ${codecName} for configuration compression.type: use one of ${CODECS.join(', ')}`);
  }
  const acksName = options.value('request-required-acks') ?? properties.get('acks') ?? 'all';
  const acks = ACKS[acksName];
  if (acks === undefined) throw new Error(`Invalid value ${acksName} for configuration acks: use all, -1, 0 or 1`);
  options.integer('batch-size');
  const requestTimeoutMs = options.integer('request-timeout-ms');
  const maxBufferedBytes = options.integer('max-memory-bytes');
  return {
    acks,
    compression,
    idempotent: acks === 'all' && properties.get('enable.idempotence') !== 'false',
    maxBlockMs: options.integer('max-block-ms') ?? 60_000,
    ...(requestTimeoutMs === undefined ? {} : { requestTimeoutMs }),
    ...(maxBufferedBytes === undefined ? {} : { maxBufferedBytes }),
  };
}

/** Lines that wait for the cluster at once; more are not read. */
const MAX_OUTSTANDING = 50_000;

class Session {
  readonly #producer: Producer;
  readonly #topic: string;
  readonly #isSync: boolean;
  readonly #io: ToolIo;
  #outstanding = 0;
  #wake: (() => void) | undefined;
  exitCode = 0;

  constructor(producer: Producer, topic: string, isSync: boolean, io: ToolIo) {
    this.#producer = producer;
    this.#topic = topic;
    this.#isSync = isSync;
    this.#io = io;
  }

  /** Sends what standard input holds; what was read is written also when the user interrupts or a line is bad. */
  async readAll(reader: LineMessageReader): Promise<void> {
    const { stdin, stdout, signal } = this.#io;
    const isInteractive = stdin.isTTY === true && 'isTTY' in stdout && stdout.isTTY === true;
    const prompt = (): void => void (isInteractive && stdout.write('>'));
    const splitter = new LineSplitter();
    const stop = (): void => void stdin.destroy();
    signal.addEventListener('abort', stop, { once: true });
    prompt();
    try {
      for await (const chunk of stdin) {
        for (const line of splitter.push(bytesOf(chunk))) {
          await this.#send(reader.read(line));
          prompt();
        }
      }
      const last = splitter.end();
      if (last !== undefined) await this.#send(reader.read(last));
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      await this.#producer.close();
    }
    if (signal.aborted) this.exitCode = interruptedExitCode(signal);
  }

  async #send(record: RecordToProduce): Promise<void> {
    this.#outstanding += 1;
    const sent = this.#producer
      .produce(this.#topic, null, [record])
      .then(undefined, (error: unknown) => this.#report(record, error as Error))
      .finally(() => {
        this.#outstanding -= 1;
        this.#wake?.();
      });
    if (this.#isSync) await sent;
    else if (this.#outstanding >= MAX_OUTSTANDING) await this.#settled();
  }

  #settled(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #report({ key, value }: RecordToProduce, error: Error): void {
    this.exitCode = 1;
    const size = (field: RecordToProduce['key']): string =>
      field === null || field === undefined ? 'null' : `${Buffer.byteLength(field)} bytes`;
    const what = `Error when sending message to topic ${this.#topic} with key: ${size(key)}, value: ${size(value)} with error:`;
    logLine(this.#io.stderr, 'ERROR', what, ERROR_LOGGER);
    const name = error instanceof KafkaError ? `${exceptionName(error.code)}: ` : '';
    print(this.#io.stderr, `${name}${messageOf(error)}`);
  }
}

function bytesOf(chunk: unknown): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
}
