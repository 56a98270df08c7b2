import type { DescribedGroupMemberInput } from '../../protocol/generated/describe-groups-response.ts';
import type { JoinGroupResponseInput } from '../../protocol/generated/join-group-response.ts';
import type { SyncGroupResponseInput } from '../../protocol/generated/sync-group-response.ts';

/** A protocol that a member supports (`range`, `cooperative-sticky`, …) and what it says about itself in it. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

/** Answers a request that was left waiting. */
export type Answer<T> = (response: T) => void;

export const EMPTY_ASSIGNMENT: Buffer = Buffer.alloc(0);

export interface ClassicGroupMemberInput {
  readonly memberId: string;
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  /** As Java prints an address: `/127.0.0.1`. */
  readonly clientHost: string;
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly protocolType: string;
  /** In the order of the member's preference; names are unique. */
  readonly protocols: readonly MemberProtocol[];
  readonly assignment?: Buffer;
}

/** One member of a classic group, and its requests that are waiting. */
export class ClassicGroupMember {
  readonly memberId: string;
  /** Set for a static member (KIP-345). */
  readonly groupInstanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  readonly protocolType: string;
  rebalanceTimeoutMs: number;
  sessionTimeoutMs: number;
  protocols: readonly MemberProtocol[];
  assignment: Buffer;
  /** Its first JoinGroup has not been answered: it doesn't know its id and can't send heartbeats. */
  isNew = false;
  awaitingJoin: Answer<JoinGroupResponseInput> | undefined;
  awaitingSync: Answer<SyncGroupResponseInput> | undefined;

  constructor(input: ClassicGroupMemberInput) {
    this.memberId = input.memberId;
    this.groupInstanceId = input.groupInstanceId;
    this.clientId = input.clientId;
    this.clientHost = input.clientHost;
    this.protocolType = input.protocolType;
    this.rebalanceTimeoutMs = input.rebalanceTimeoutMs;
    this.sessionTimeoutMs = input.sessionTimeoutMs;
    this.protocols = input.protocols;
    this.assignment = input.assignment ?? EMPTY_ASSIGNMENT;
  }

  get isStatic(): boolean {
    return this.groupInstanceId !== null;
  }

  /** Whether an expired session is to be overlooked: who waits for the others can't send heartbeats. */
  hasSatisfiedHeartbeat(): boolean {
    return !this.isNew && (this.awaitingJoin !== undefined || this.awaitingSync !== undefined);
  }

  metadata(protocolName: string): Buffer | undefined {
    return this.protocols.find((protocol) => protocol.name === protocolName)?.metadata;
  }

  /** Whether it supports exactly these protocols, in this order, with this metadata. */
  matches(protocols: readonly MemberProtocol[]): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every(({ name, metadata }, index) => {
        const own = this.protocols[index]!;
        return own.name === name && own.metadata.equals(metadata);
      })
    );
  }

  /** The first of its protocols that is in `candidates`. */
  vote(candidates: ReadonlySet<string>): string | undefined {
    return this.protocols.find(({ name }) => candidates.has(name))?.name;
  }

  /** Without a protocol name, without metadata. */
  describe(protocolName: string | undefined): DescribedGroupMemberInput {
    return {
      memberId: this.memberId,
      groupInstanceId: this.groupInstanceId,
      clientId: this.clientId,
      clientHost: this.clientHost,
      memberMetadata: (protocolName === undefined ? undefined : this.metadata(protocolName)) ?? EMPTY_ASSIGNMENT,
      memberAssignment: this.assignment,
    };
  }
}
