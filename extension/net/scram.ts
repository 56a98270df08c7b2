import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

/** Servers ask for 4,096 and more; a count beyond this is an attempt to keep us busy. */
const MAX_ITERATIONS = 1_000_000;

type ScramHash = 'sha256' | 'sha512';

interface ScramClient {
  start(): Promise<Buffer>;
  next(answer: Buffer): Promise<Buffer | null>;
}

/** The client of SCRAM (RFC 5802) without channel binding. `next` throws when the server does not know the password. */
export function scramClient(
  hash: ScramHash,
  username: string,
  password: string,
  nonce: string = randomBytes(24).toString('base64'),
): ScramClient {
  const firstBare = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`;
  let expectedSignature: Buffer | undefined;

  async function proof(serverFirst: string): Promise<Buffer> {
    const { r: serverNonce, s: salt, i: count } = attributes(serverFirst);
    const iterations = Number(count);
    if (serverNonce === undefined || salt === undefined || !serverNonce.startsWith(nonce) || serverNonce === nonce) {
      throw new Error('the server answered with a nonce that is not ours');
    }
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS) {
      throw new Error(`the server asks for ${count} iterations`);
    }
    const salted = await derive(
      password.normalize('NFKC'),
      Buffer.from(salt, 'base64'),
      iterations,
      bytesOf(hash),
      hash,
    );
    const clientKey = hmac(hash, salted, 'Client Key');
    const finalBare = `c=biws,r=${serverNonce}`;
    const authMessage = `${firstBare},${serverFirst},${finalBare}`;
    const signature = hmac(hash, createHash(hash).update(clientKey).digest(), authMessage);
    expectedSignature = hmac(hash, hmac(hash, salted, 'Server Key'), authMessage);
    const clientProof = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
    return Buffer.from(`${finalBare},p=${clientProof.toString('base64')}`);
  }

  return {
    start: () => Promise.resolve(Buffer.from(`n,,${firstBare}`)),
    async next(answer) {
      const text = answer.toString('utf8');
      if (expectedSignature === undefined) return proof(text);
      const { v: signature, e: error } = attributes(text);
      if (error !== undefined) throw new Error(`the server refused: ${error}`);
      const given = Buffer.from(signature ?? '', 'base64');
      if (given.length !== expectedSignature.length || !timingSafeEqual(given, expectedSignature)) {
        throw new Error('the server does not know the password: it may be an impostor');
      }
      return null;
    },
  };
}

function bytesOf(hash: ScramHash): number {
  return hash === 'sha256' ? 32 : 64;
}

function hmac(hash: ScramHash, key: Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text).digest();
}

function attributes(message: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    message.split(',').flatMap((part) => (part[1] === '=' ? [[part.slice(0, 1), part.slice(2)]] : [])),
  );
}
