import type { ClassicGroupMember, MemberProtocol } from './classic-group-member.ts';

/** Which protocol the members of a classic group share: how many support each, and which one most of them prefer. */
export class ProtocolElection {
  /** Protocol name → how many members support it. */
  readonly #counts = new Map<string, number>();

  add(member: ClassicGroupMember): void {
    for (const { name } of member.protocols) this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  remove(member: ClassicGroupMember): void {
    for (const { name } of member.protocols) {
      const count = (this.#counts.get(name) ?? 0) - 1;
      if (count > 0) this.#counts.set(name, count);
      else this.#counts.delete(name);
    }
  }

  /** Whether one of `protocols` is supported by all `memberCount` members. */
  hasCommon(protocols: readonly MemberProtocol[], memberCount: number): boolean {
    return protocols.some(({ name }) => this.#counts.get(name) === memberCount);
  }

  /** The protocol that most members prefer among those that all support; the first one voted for on a tie. */
  select(members: readonly ClassicGroupMember[]): string | undefined {
    const candidates = new Set<string>();
    for (const [name, count] of this.#counts) if (count === members.length) candidates.add(name);
    const votes = new Map<string, number>();
    for (const member of members) {
      const vote = member.vote(candidates);
      if (vote !== undefined) votes.set(vote, (votes.get(vote) ?? 0) + 1);
    }
    let selected: string | undefined;
    let most = 0;
    for (const [name, count] of votes) {
      if (count <= most) continue;
      selected = name;
      most = count;
    }
    return selected;
  }
}
