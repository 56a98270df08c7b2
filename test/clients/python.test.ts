import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.ts';
import { SamsaCluster } from '../support/samsa-cluster.ts';
import { lacks, python } from '../support/tools.ts';

describe.skipIf(lacks('python-confluent-kafka'))('confluent-kafka for Python', () => {
  it('produces idempotently, shares a group, commits, describes and deletes', async () => {
    await using cluster = await SamsaCluster.start();
    const script = fileURLToPath(new URL('python/groups.py', import.meta.url));
    const { code, stdout, stderr } = await new Child(python!, [script, cluster.bootstrap]).wait(90_000);
    expect({ code, stdout: stdout.trim(), stderr: code === 0 ? '' : stderr }).toEqual({
      code: 0,
      stdout: 'ok',
      stderr: '',
    });
  });
});
