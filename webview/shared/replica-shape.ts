import { svg } from 'lit';
import type { SVGTemplateResult } from 'lit';
import { css, html } from 'lit';
import type { TemplateResult } from 'lit';
import type { ReplicaMark, ReplicaRole } from '../../extension/shared/offsets-contract.ts';

/** What each shape stands for, for hovers, legends and screen readers. */
export const roleNames: Readonly<Record<ReplicaRole, string>> = {
  leader: 'leader',
  inSync: 'in sync',
  behind: 'not in sync',
  eligible: 'eligible leader',
  offline: 'offline',
};

/** The square of a replica, 10 px in a box of 12 × 16; the dot above marks the preferred leader that does not lead. */
export function replicaShape(role: ReplicaRole, preferredElsewhere = false): TemplateResult {
  return html`<svg class="replica ${role}" width="12" height="16" viewBox="0 0 12 16" aria-hidden="true">
    ${preferredElsewhere ? svg`<circle class="preferred" cx="6" cy="1.5" r="1.5" />` : ''} ${square(role)}
  </svg>`;
}

function square(role: ReplicaRole): SVGTemplateResult {
  const frame = svg`<rect class="frame" x="1.75" y="4.75" width="8.5" height="8.5" />`;
  switch (role) {
    case 'leader':
      return svg`<rect class="full" x="1" y="4" width="10" height="10" />`;
    case 'behind':
      return svg`${frame}<rect class="full" x="1" y="4" width="5" height="10" />`;
    case 'offline':
      return svg`${frame}<path class="frame" d="M2 5l8 8M10 5l-8 8" />`;
    case 'inSync':
    case 'eligible':
      return frame;
  }
}

/** `Broker 2: in sync, preferred leader`. */
export function describeReplica(replica: ReplicaMark, isPreferred: boolean): string {
  const preferred = isPreferred && replica.role !== 'leader' ? ', preferred leader' : '';
  return `Broker ${replica.broker}: ${roleNames[replica.role]}${preferred}`;
}

export const replicaStyles = css`
  .replica {
    flex: none;
    vertical-align: middle;
  }
  .replica .frame {
    fill: none;
    stroke: currentColor;
    stroke-width: 1.5;
  }
  .replica .full {
    fill: currentColor;
  }
  .replica .preferred {
    fill: var(--vscode-descriptionForeground);
  }
  .replica.leader,
  .replica.inSync {
    color: var(--vscode-charts-blue);
  }
  .replica.behind {
    color: var(--vscode-charts-yellow);
  }
  .replica.eligible {
    color: var(--vscode-charts-orange);
  }
  .replica.eligible .frame {
    stroke-dasharray: 2.5 1.5;
  }
  .replica.offline {
    color: var(--vscode-charts-red);
  }
`;
