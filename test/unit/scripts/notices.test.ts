import { expect, test } from 'vitest';
import { bundledPackages, noticesOf } from '../../../scripts/support/notices.ts';

const input = (bytesInOutput: number) => ({ bytesInOutput });

test('every package with code in a bundle is named once, and no other', () => {
  const inputs = {
    'extension/extension.ts': input(10),
    'node_modules/lit/index.js': input(5),
    'node_modules/lit/decorators.js': input(5),
    'node_modules/@lit/reactive-element/css-tag.js': input(7),
    'node_modules/exenv-es6/node_modules/nested/index.js': input(1),
    'node_modules/shaken-out/index.js': input(0),
  };
  const output = { bytes: 0, inputs, imports: [], exports: [] };
  expect(bundledPackages({ inputs: {}, outputs: { 'dist/a.js': output } })).toEqual([
    'node_modules/@lit/reactive-element',
    'node_modules/@vscode/codicons',
    'node_modules/exenv-es6/node_modules/nested',
    'node_modules/lit',
  ]);
});

test('a package is listed with version, licence and the whole licence text', () => {
  const text = noticesOf(['node_modules/lit']);
  expect(text).toMatch(/^lit 3\.\d+\.\d+$/m);
  expect(text).toContain('Licence: BSD-3-Clause');
  expect(text).toContain('THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS"');
});

test('what was compiled into a package is listed with it', () => {
  const text = noticesOf(['node_modules/@platformatic/wasm-utils']);
  expect(text).toMatch(/^lz4_flex 0\.12\.0$/m);
  expect(text).toContain('Copyright (c) 2020 Pascal Seitz');
  expect(text).toContain('Copyright 2011, The Snappy-Rust Authors');
});
