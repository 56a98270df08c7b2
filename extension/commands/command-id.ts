import type { LinkRequest } from './broker-choices.ts';

/** Where reading of a topic begins. */
export type ReadFrom =
  | { readonly kind: 'beginning' }
  /** Only what arrives from now on. */
  | { readonly kind: 'end' }
  | { readonly kind: 'offset'; readonly offset: number };

export interface OpenMessagesRequest {
  readonly topic: string;
  /** All partitions when absent. */
  readonly partition?: number;
  readonly from: ReadFrom;
}

export interface OpenOffsetsRequest {
  readonly topic: string;
}

/** What a command about a topic is about; a tree node of a topic or partition is one too. */
export interface TopicTarget {
  readonly topic: string;
  readonly partition?: number;
}

export interface CreateTopicRequest {
  readonly topic: string;
  readonly partitions: number;
  readonly replicationFactor: number;
}

export interface DeleteTopicRequest {
  readonly topic: string;
  /** The person has agreed already; nobody is asked. */
  readonly confirmed?: boolean;
}

export interface ProduceRequest {
  readonly topic: string;
  /** Absent: chosen from the key, as Kafka's clients do. */
  readonly partition?: number;
  /** null: no key. */
  readonly key: string | null;
  /** null: a tombstone. */
  readonly value: string | null;
  readonly headers: readonly { readonly key: string; readonly value: string }[];
}

/** A file of a segment, or a node of one. */
export interface FileTarget {
  readonly path: string;
}

/** A node of the embedded cluster, or a tree node of one; absent where a command was called without a row. */
export interface BrokerTarget {
  readonly broker?: number | undefined;
}

/**
 * Every command, typed once, with what it may be called with; without it, the person is asked. A test compares the names
 * with package.json. Those that open a view (`samsa.messages.open`, …) are registered by the views.
 */
export interface CommandArguments {
  readonly 'samsa.cluster.start': [];
  readonly 'samsa.cluster.stop': [];
  readonly 'samsa.cluster.restart': [];
  readonly 'samsa.cluster.useAnotherPort': [port?: number];
  readonly 'samsa.cluster.useAnotherDirectory': [path?: string];
  readonly 'samsa.cluster.copyBootstrap': [];
  readonly 'samsa.cluster.openDataFolder': [];
  readonly 'samsa.cluster.showLog': [];
  readonly 'samsa.cluster.showMenu': [];
  readonly 'samsa.cluster.openSettings': [];
  readonly 'samsa.broker.start': [target?: BrokerTarget];
  readonly 'samsa.broker.stop': [target?: BrokerTarget];
  readonly 'samsa.broker.kill': [target?: BrokerTarget];
  readonly 'samsa.broker.freeze': [target?: BrokerTarget & { readonly ms?: number }];
  readonly 'samsa.broker.isolate': [target?: BrokerTarget & { readonly clients?: boolean }];
  /** Everything that is broken, without a node. */
  readonly 'samsa.broker.heal': [target?: BrokerTarget];
  readonly 'samsa.broker.slow': [target?: BrokerTarget | LinkRequest];
  readonly 'samsa.broker.add': [];
  readonly 'samsa.broker.remove': [target?: BrokerTarget & { readonly confirmed?: boolean }];
  readonly 'samsa.topic.create': [request?: CreateTopicRequest];
  readonly 'samsa.topic.delete': [request?: DeleteTopicRequest];
  readonly 'samsa.topic.copyName': [target?: TopicTarget];
  readonly 'samsa.message.produce': [request?: ProduceRequest | TopicTarget];
  readonly 'samsa.messages.fromBeginning': [target?: TopicTarget];
  readonly 'samsa.messages.fromEnd': [target?: TopicTarget];
  readonly 'samsa.messages.fromOffset': [target?: TopicTarget & { readonly offset?: number }];
  readonly 'samsa.messages.open': [request: OpenMessagesRequest];
  /** Also called from a topic's node. */
  readonly 'samsa.offsets.open': [request?: OpenOffsetsRequest];
  /** Of a topic; of all without one. Also called from a node of the tree. */
  readonly 'samsa.replicas.open': [request?: Partial<TopicTarget>];
  readonly 'samsa.segment.open': [target?: FileTarget];
  readonly 'samsa.segment.reveal': [target?: FileTarget];
  readonly 'samsa.explorer.refresh': [];
  readonly 'samsa.explorer.showMore': [nodeId?: string];
  readonly 'samsa.explorer.showInternalTopics': [];
  readonly 'samsa.explorer.hideInternalTopics': [];
  readonly 'samsa.terminal.open': [];
}

export type CommandId = keyof CommandArguments;

const all: { readonly [Id in CommandId]: true } = {
  'samsa.cluster.start': true,
  'samsa.cluster.stop': true,
  'samsa.cluster.restart': true,
  'samsa.cluster.useAnotherPort': true,
  'samsa.cluster.useAnotherDirectory': true,
  'samsa.cluster.copyBootstrap': true,
  'samsa.cluster.openDataFolder': true,
  'samsa.cluster.showLog': true,
  'samsa.cluster.showMenu': true,
  'samsa.cluster.openSettings': true,
  'samsa.broker.start': true,
  'samsa.broker.stop': true,
  'samsa.broker.kill': true,
  'samsa.broker.freeze': true,
  'samsa.broker.isolate': true,
  'samsa.broker.heal': true,
  'samsa.broker.slow': true,
  'samsa.broker.add': true,
  'samsa.broker.remove': true,
  'samsa.topic.create': true,
  'samsa.topic.delete': true,
  'samsa.topic.copyName': true,
  'samsa.message.produce': true,
  'samsa.messages.fromBeginning': true,
  'samsa.messages.fromEnd': true,
  'samsa.messages.fromOffset': true,
  'samsa.messages.open': true,
  'samsa.offsets.open': true,
  'samsa.replicas.open': true,
  'samsa.segment.open': true,
  'samsa.segment.reveal': true,
  'samsa.explorer.refresh': true,
  'samsa.explorer.showMore': true,
  'samsa.explorer.showInternalTopics': true,
  'samsa.explorer.hideInternalTopics': true,
  'samsa.terminal.open': true,
};

export const commandIds = Object.keys(all) as readonly CommandId[];
