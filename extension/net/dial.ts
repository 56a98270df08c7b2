import { connect as connectTcp, isIP, type LookupFunction, type NetConnectOpts, type Socket } from 'node:net';
import type { ConnectionOptions as NodeTlsOptions } from 'node:tls';
import type { Duplex } from 'node:stream';
import { addressOf, NetworkError, networkErrorFrom } from './network-error.ts';

/** TLS as a client wants it. Certificates and keys are PEM texts. */
export interface TlsOptions {
  readonly ca?: string | readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** Name that the certificate must carry; the host by default. */
  readonly servername?: string;
  /** Accepts any certificate when false. */
  readonly rejectUnauthorized?: boolean;
  /** Accepts a certificate of any host, as long as it is trusted, when false. */
  readonly checksHost?: boolean;
}

export interface DialTarget {
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsOptions | undefined;
  readonly timeoutMs: number;
}

/** Opens a byte stream to a broker; the stream is ready to be written to. Rejects with a NetworkError. */
export type Dial = (target: DialTarget) => Promise<Duplex>;

const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

/** A broker may listen on one of the two loopback addresses only, and a hosts file may name only the other. */
const lookupLocalhost: LookupFunction = (_hostname, options, callback) => {
  if (options.all === true) callback(null, LOOPBACK);
  else callback(null, '127.0.0.1', 4);
};

/** Dials over TCP, with TLS when the target asks for it. */
export const dialTcp: Dial = async (target) => {
  const { host, port } = target;
  const options: NetConnectOpts = { host, port, noDelay: true, autoSelectFamily: true };
  if (host.toLowerCase() === 'localhost') options.lookup = lookupLocalhost;
  if (target.tls === undefined) return ready(connectTcp(options), 'connect', target);
  const { connect: connectTls } = await import('node:tls');
  const socket = connectTls({ ...options, ...nodeTlsOptions(target.tls, host) });
  socket.setNoDelay(true);
  return ready(socket, 'secureConnect', target);
};

/** Most that one read of a shared buffer takes. */
const SHARED_READ_BYTES = 256 * 1024;

/**
 * A dial without TLS whose sockets all read into one buffer: by default Node makes a buffer for each read, and V8 collects
 * garbage for every few megabytes that arrive. Its sockets emit `data` with a second argument, true: the bytes must be copied
 * before the event is over.
 */
export function dialWithSharedReads(): Dial {
  // Windows is given its buffers before there is anything to read: each socket needs its own there.
  if (process.platform === 'win32') return dialTcp;
  const buffer = Buffer.allocUnsafeSlow(SHARED_READ_BYTES);
  return (target) => {
    const callback = (count: number): boolean => {
      socket.emit('data', buffer.subarray(0, count), true);
      return true;
    };
    const { host, port } = target;
    const options: NetConnectOpts = { host, port, noDelay: true, autoSelectFamily: true, onread: { buffer, callback } };
    if (host.toLowerCase() === 'localhost') options.lookup = lookupLocalhost;
    const socket: Socket = connectTcp(options);
    return ready(socket, 'connect', target);
  };
}

function nodeTlsOptions(tls: TlsOptions, host: string): NodeTlsOptions {
  const { ca, checksHost, ...rest } = tls;
  const options: NodeTlsOptions = { ...rest };
  if (checksHost === false) options.checkServerIdentity = () => undefined;
  if (ca !== undefined) options.ca = typeof ca === 'string' ? ca : [...ca];
  if (tls.servername === undefined && isIP(host) === 0) options.servername = host;
  return options;
}

function ready(socket: Socket, event: 'connect' | 'secureConnect', target: DialTarget): Promise<Socket> {
  const address = addressOf(target.host, target.port);
  return new Promise((resolve, reject) => {
    let connected = false;
    const fail = (error: NetworkError): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(
      () => fail(new NetworkError('TIMED_OUT', address, `${address} did not answer within ${target.timeoutMs} ms`)),
      target.timeoutMs,
    );
    const onClose = (): void =>
      fail(
        connected
          ? new NetworkError('TLS_FAILED', address, `${address} closed the connection during the TLS handshake`)
          : new NetworkError('CONNECTION_CLOSED', address, `${address} closed the connection at once`),
      );
    const onError = (error: Error): void => fail(networkErrorFrom(error, address, connected));
    if (event === 'secureConnect') socket.once('connect', () => (connected = true));
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', onError);
      socket.off('close', onClose);
      resolve(socket);
    });
  });
}
