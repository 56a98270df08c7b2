import { readFileSync } from 'node:fs';
import { matchesGlob } from 'node:path';
import { expect, test } from 'vitest';

interface CustomEditor {
  readonly viewType: string;
  readonly priority: string;
  readonly selector: readonly { readonly filenamePattern: string }[];
}

const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  readonly contributes: { readonly customEditors: readonly CustomEditor[] };
};

function editorsOf(name: string, priority: string): string[] {
  return manifest.contributes.customEditors
    .filter((editor) => editor.priority === priority)
    .filter(({ selector }) => selector.some(({ filenamePattern }) => matchesGlob(name, filenamePattern)))
    .map(({ viewType }) => viewType);
}

test.each([
  '00000000000000000000.log',
  '00000000000000048210.index',
  '00000000000000048210.timeindex',
  '00000000000000048210.txnindex',
  '00000000000000048210.snapshot',
  '00000000000000048210.log.deleted',
  '00000000000000048210.timeindex.cleaned',
  '00000000000000048210.index.swap',
  '00000000000000000042-0000000001.checkpoint',
  '00000000000000000042-0000000001.checkpoint.deleted',
  '00000000000000000042-0000000001.checkpoint.part',
  'bootstrap.checkpoint',
])('%s opens in the segment editor', (name) => expect(editorsOf(name, 'default')).toEqual(['samsa.segment']));

test.each([
  'app.log',
  '2024.log',
  '0000000000000000000.log',
  '000000000000000000000.log',
  '00000000000000000000.txt',
  '00000000000000000000.log.gz',
  'x00000000000000000000.log',
  'recovery-point-offset-checkpoint',
  'leader-epoch-checkpoint',
])('%s stays what it is, with the segment editor as an option', (name) => {
  expect(editorsOf(name, 'default')).toEqual([]);
  expect(editorsOf(name, 'option')).toEqual(['samsa.segment.any']);
});
