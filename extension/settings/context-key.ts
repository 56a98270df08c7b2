/** Keys for `when` clauses, typed once; a test checks that package.json uses no other. */
export interface ContextKeys {
  /** The embedded cluster's state. */
  readonly 'samsa.state': 'off' | 'starting' | 'running' | 'attached' | 'stopping' | 'failed';
  /** Running or attached: there is something to talk to. */
  readonly 'samsa.up': boolean;
  readonly 'samsa.showInternalTopics': boolean;
}

export type ContextKey = keyof ContextKeys;

const all: { readonly [Key in ContextKey]: true } = {
  'samsa.state': true,
  'samsa.up': true,
  'samsa.showInternalTopics': true,
};

export const contextKeys = Object.keys(all) as readonly ContextKey[];
