/** Who sent a request, as far as a coordinator cares. */
export interface RequestContext {
  readonly apiVersion: number;
  /** As in the request header; null where the client gave none. */
  readonly clientId: string | null;
  /** The peer's IP address as Node prints it, e.g. `127.0.0.1` or `::1`. */
  readonly clientHost: string;
  /** E.g. `User:ANONYMOUS`. */
  readonly principal: string;
}
