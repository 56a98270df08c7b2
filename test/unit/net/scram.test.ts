import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { scramClient } from '../../../extension/net/scram.ts';

describe('scramClient', () => {
  test('gives the messages of RFC 7677', async () => {
    const client = scramClient('sha256', 'user', 'pencil', 'rOprNGfwEbeRWgbNEkqO');
    expect(String(await client.start())).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
    const first = 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096';
    expect(String(await client.next(Buffer.from(first)))).toBe(
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    );
    const last = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';
    expect(await client.next(Buffer.from(last))).toBeNull();
  });

  test('escapes what separates fields, and speaks SHA-512', async () => {
    const client = scramClient('sha512', 'a=b,c', 'secret', 'nonce');
    expect(String(await client.start())).toBe('n,,n=a=3Db=2Cc,r=nonce');
    const salt = Buffer.from('salt');
    const serverFirst = `r=nonceXYZ,s=${salt.toString('base64')},i=4096`;
    const proof = String(await client.next(Buffer.from(serverFirst)));
    const salted = pbkdf2Sync('secret', salt, 4096, 64, 'sha512');
    const hmac = (key: Buffer, text: string): Buffer => createHmac('sha512', key).update(text).digest();
    const message = `n=a=3Db=2Cc,r=nonce,${serverFirst},c=biws,r=nonceXYZ`;
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha512').update(clientKey).digest(), message);
    const expected = Buffer.from(clientKey.map((byte, index) => byte ^ signature[index]!));
    expect(proof).toBe(`c=biws,r=nonceXYZ,p=${expected.toString('base64')}`);
  });

  test.each([
    ['a nonce that is not an answer to ours', 'r=other,s=c2FsdA==,i=4096'],
    ['our own nonce sent back', 'r=nonce,s=c2FsdA==,i=4096'],
    ['no salt', 'r=nonceX,i=4096'],
    ['iterations without end', 'r=nonceX,s=c2FsdA==,i=2000000000'],
  ])('refuses %s', async (_, serverFirst) => {
    const client = scramClient('sha256', 'user', 'pencil', 'nonce');
    await client.start();
    await expect(client.next(Buffer.from(serverFirst))).rejects.toThrow(/server/);
  });

  test('refuses a server that does not know the password', async () => {
    const client = scramClient('sha256', 'user', 'pencil', 'rOprNGfwEbeRWgbNEkqO');
    await client.start();
    await client.next(Buffer.from('r=rOprNGfwEbeRWgbNEkqOX,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'));
    await expect(client.next(Buffer.from(`v=${Buffer.alloc(32).toString('base64')}`))).rejects.toThrow(/impostor/);
  });

  test('passes on what the server says is wrong', async () => {
    const client = scramClient('sha256', 'user', 'pencil', 'n');
    await client.start();
    await client.next(Buffer.from('r=nX,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'));
    await expect(client.next(Buffer.from('e=unknown-user'))).rejects.toThrow(/unknown-user/);
  });
});
