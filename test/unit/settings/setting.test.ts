import { describe, expect, test } from 'vitest';
import { dataDirectory } from '../../../extension/settings/data-directory.ts';
import { english, setTranslation, t } from '../../../extension/settings/localize.ts';
import { validSetting } from '../../../extension/settings/setting.ts';

describe('a stored value', () => {
  test.each([
    [19_092, 19_092],
    [0, 0],
    [-5, 0],
    [70_000, 64_535],
    [9092.7, 9092],
    ['9092', 9092],
    [null, 9092],
    [Number.NaN, 9092],
  ])('port %s counts as %s', (stored, expected) => expect(validSetting('cluster.port', stored)).toBe(expected));

  test.each([
    [3, 3],
    [2, 1],
    [4, 3],
    [9, 5],
    [-1, 0],
    ['many', 0],
  ])('%s controllers count as %s', (stored, expected) =>
    expect(validSetting('cluster.controllers', stored)).toBe(expected),
  );

  test('an unknown host counts as the default', () => {
    expect(validSetting('cluster.host', 'docker')).toBe('childProcess');
    expect(validSetting('cluster.host', 'extensionHost')).toBe('extensionHost');
  });

  test('configs keep what can be written in server.properties', () => {
    const stored = { 'log.segment.bytes': 1024, 'auto.create.topics.enable': false, 'log.dirs': ['a'], broken: null };
    expect(validSetting('cluster.config', stored)).toEqual({
      'log.segment.bytes': 1024,
      'auto.create.topics.enable': false,
    });
    expect(validSetting('cluster.config', 'x=y')).toEqual({});
    expect(validSetting('cluster.config', ['x'])).toEqual({});
  });

  test('text loses the blanks around it', () => {
    expect(validSetting('cluster.dataDirectory', '  /data ')).toBe('/data');
    expect(validSetting('cluster.dataDirectory', 5)).toBe('');
  });
});

describe('the data directory', () => {
  test('lies below global storage unless it is set', () => {
    expect(dataDirectory('', '/storage')).toBe('/storage/cluster');
    expect(dataDirectory('/var/kafka/', '/storage')).toBe('/var/kafka');
    expect(dataDirectory('/', '/storage')).toBe('/');
  });

  test('knows the home folder', () => {
    expect(dataDirectory('~/kafka', '/storage', '/home/ann')).toBe('/home/ann/kafka');
    expect(dataDirectory('~', '/storage', '/home/ann')).toBe('/home/ann');
  });

  test.each(['kafka', './kafka', '~ann/kafka'])('refuses %s', (setting) => {
    expect(() => dataDirectory(setting, '/storage')).toThrow(`'${setting}' is not an absolute path`);
  });
});

describe('texts', () => {
  test('are filled in, and translated where somebody can', () => {
    expect(t('{0} of {1}', 1, 2)).toBe('1 of 2');
    expect(t('{0} and {1}', 'a')).toBe('a and {1}');
    setTranslation((message) => `<${message}>`);
    expect(t('off')).toBe('<off>');
    // Other tests of this process read English.
    setTranslation(english);
  });
});
