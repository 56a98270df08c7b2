import type { BrokerLifecycle, ClusterErrorCode } from '../shared/cluster-protocol.ts';
import type { CommandId } from '../commands/command-id.ts';

/** What a row stands for. */
export type NodeTarget =
  | { readonly kind: 'cluster'; readonly session: string }
  | { readonly kind: 'brokers' }
  | { readonly kind: 'broker'; readonly broker: number }
  | { readonly kind: 'topics' }
  | { readonly kind: 'topic'; readonly topic: string }
  | {
      readonly kind: 'partition';
      readonly topic: string;
      readonly partition: number;
      readonly leader: number;
      readonly replicas: readonly number[];
    }
  | { readonly kind: 'replica'; readonly topic: string; readonly partition: number; readonly broker: number }
  | {
      readonly kind: 'segment';
      readonly topic: string;
      readonly partition: number;
      readonly files: readonly NodeSpec[];
    }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'groups' }
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'members'; readonly group: string }
  | { readonly kind: 'member' }
  | { readonly kind: 'group-offsets'; readonly group: string }
  | { readonly kind: 'group-offset'; readonly topic: string; readonly partition: number }
  | { readonly kind: 'error' }
  /** Nothing there, and that is fine. */
  | { readonly kind: 'empty' }
  /** Stands for the children of its parent that are not shown. */
  | { readonly kind: 'more' };

/** Values of `viewItem` in package.json's `when` clauses; a test compares them. */
export type ContextValue =
  | `cluster.${'off' | 'starting' | 'running' | 'attached' | 'stopping' | 'failed'}`
  | 'brokers'
  /** Of the embedded cluster, which can be given more. */
  | 'brokers.own'
  | 'broker'
  /** Nodes of the embedded cluster, which can be started, stopped and broken. */
  | `${'broker' | 'controller'}.${BrokerLifecycle}${'' | '.faulty'}`
  | 'topics'
  | 'topic'
  | 'topic.internal'
  | 'partition'
  | 'partition.internal'
  | 'replica'
  | 'segment'
  | 'file'
  | 'groups'
  | 'group'
  | 'members'
  | 'member'
  | 'group-offsets'
  | 'group-offset'
  /** By the cluster's error code, `read` when only the reading of one node failed, `quorum` without a majority. */
  | `error.${ClusterErrorCode | 'read' | 'quorum'}`
  | 'empty'
  | 'more';

/** Colours of trouble; everything else has the theme's own. */
export type TroubleColor = 'charts.red' | 'charts.yellow' | 'problemsErrorIcon.foreground';

/** How a row looks. Plain data, compared as a whole to tell whether a row has to be drawn again. */
export interface NodeLook {
  readonly label: string;
  readonly description?: string;
  /** Markdown. */
  readonly tooltip?: string;
  /** What a screen reader says; label and description when absent. */
  readonly accessibilityLabel?: string;
  /** A codicon. */
  readonly icon: string;
  readonly iconColor?: TroubleColor;
  /** Kafka's own things, next to the user's. */
  readonly dimmed?: boolean;
  readonly badge?: { readonly text: string; readonly tooltip: string };
  readonly contextValue: ContextValue;
  readonly command?: { readonly id: CommandId; readonly title: string; readonly args: readonly unknown[] };
}

/** A row as a loader describes it. */
export interface NodeSpec {
  /** Stable, and unique below its parent. */
  readonly key: string;
  readonly target: NodeTarget;
  readonly look: NodeLook;
  readonly children: 'none' | 'collapsed' | 'expanded';
}

/**
 * A row in the tree: the same object as long as the thing it stands for is there. It is what VS Code hands to a command of
 * the row's menu, so it carries what commands ask for.
 */
export class TreeNode {
  readonly parent: TreeNode | undefined;
  readonly key: string;
  /** Unique in the tree. */
  readonly id: string;
  #spec: NodeSpec;

  constructor(parent: TreeNode | undefined, spec: NodeSpec) {
    this.parent = parent;
    this.key = spec.key;
    this.id = parent === undefined ? spec.key : `${parent.id}/${spec.key}`;
    this.#spec = spec;
  }

  get spec(): NodeSpec {
    return this.#spec;
  }

  get target(): NodeTarget {
    return this.#spec.target;
  }

  get look(): NodeLook {
    return this.#spec.look;
  }

  get topic(): string | undefined {
    return 'topic' in this.target ? this.target.topic : undefined;
  }

  get partition(): number | undefined {
    return 'partition' in this.target ? this.target.partition : undefined;
  }

  get broker(): number | undefined {
    return 'broker' in this.target ? this.target.broker : undefined;
  }

  get path(): string | undefined {
    return this.target.kind === 'file' ? this.target.path : undefined;
  }

  /** Takes over what is new. Returns whether the row has to be drawn again. */
  update(spec: NodeSpec): boolean {
    const before = this.#spec;
    this.#spec = spec;
    return before.children !== spec.children || JSON.stringify(before.look) !== JSON.stringify(spec.look);
  }
}
