import { test } from 'vitest';
import { Machine, METADATA_DIR, records } from './raft-fixture.ts';
import * as batch from '../../../../extension/records/record-batch.ts';
test('x', async () => {
  const machine = new Machine();
  const options = { segmentBytes: 400, retentionMaxBytes: 2000 };
  let node = await machine.start(options);
  const show = (l: string) => { console.log(l, machine.disk.paths.map(p=>p.slice(METADATA_DIR.length)+':'+machine.disk.statSync(p).sizeBytes).join(' ')); const b=machine.disk.readFileSync(METADATA_DIR+'/00000000000000000000.log'); for(let at=0;at<b.length;at+=batch.batchSize(b,at)) console.log('  ',at,batch.baseOffset(b,at),batch.lastOffset(b,at),batch.partitionLeaderEpoch(b,at)); };
  node.raft.kill(); machine.disk.losePower(()=>0); await machine.settle(); show('1');
  node = await machine.start(options); show('2');
  node.raft.append(2, records('0')); node.raft.append(2, records('1'));
  console.log(node.raft.logEndOffset());
  node.raft.kill(); show('3'); machine.disk.losePower(()=>0); show('4'); await machine.settle(); show('5');
  try { node = await machine.start(options);} catch(e) {console.log(String(e)); show('6')}
});
