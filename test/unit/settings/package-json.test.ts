import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commandIds } from '../../../extension/commands/command-id.ts';
import { contextKeys } from '../../../extension/settings/context-key.ts';
import { clusterHosts, settingDefinitions } from '../../../extension/settings/setting.ts';
import type { ContextValue } from '../../../extension/explorer/tree-node.ts';

interface MenuEntry {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: { readonly supported: string; readonly restrictedConfigurations: readonly string[] };
    readonly virtualWorkspaces: { readonly supported: string };
  };
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, Record<string, unknown>>> };
    readonly menus: Readonly<Record<string, readonly MenuEntry[]>>;
    readonly viewsWelcome: readonly { readonly when: string; readonly contents: string }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly description: string; readonly media: { readonly markdown: string } }[];
    }[];
  };
}

const root = new URL('../../../', import.meta.url);
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as Manifest;
const texts = JSON.parse(readFileSync(new URL('package.nls.json', root), 'utf8')) as Record<string, string>;
const { contributes } = manifest;
const menuEntries = Object.values(contributes.menus).flat();

const values: { readonly [Value in ContextValue]: true } = {
  'cluster.off': true,
  'cluster.starting': true,
  'cluster.running': true,
  'cluster.attached': true,
  'cluster.stopping': true,
  'cluster.failed': true,
  brokers: true,
  'brokers.own': true,
  broker: true,
  'broker.starting': true,
  'broker.starting.faulty': true,
  'broker.running': true,
  'broker.running.faulty': true,
  'broker.stopping': true,
  'broker.stopping.faulty': true,
  'broker.stopped': true,
  'broker.stopped.faulty': true,
  'broker.killed': true,
  'broker.killed.faulty': true,
  'broker.frozen': true,
  'broker.frozen.faulty': true,
  'broker.failed': true,
  'broker.failed.faulty': true,
  'controller.starting': true,
  'controller.starting.faulty': true,
  'controller.running': true,
  'controller.running.faulty': true,
  'controller.stopping': true,
  'controller.stopping.faulty': true,
  'controller.stopped': true,
  'controller.stopped.faulty': true,
  'controller.killed': true,
  'controller.killed.faulty': true,
  'controller.frozen': true,
  'controller.frozen.faulty': true,
  'controller.failed': true,
  'controller.failed.faulty': true,
  topics: true,
  topic: true,
  'topic.internal': true,
  partition: true,
  'partition.internal': true,
  replica: true,
  segment: true,
  file: true,
  groups: true,
  group: true,
  members: true,
  member: true,
  'group-offsets': true,
  'group-offset': true,
  'error.PORT_IN_USE': true,
  'error.DIRECTORY_LOCKED': true,
  'error.DIRECTORY_UNWRITABLE': true,
  'error.CLUSTER_ID_MISMATCH': true,
  'error.DISK_FULL': true,
  'error.CORRUPT_METADATA': true,
  'error.BAD_ARGUMENT': true,
  'error.UNKNOWN_BROKER': true,
  'error.WRONG_STATE': true,
  'error.INTERNAL': true,
  'error.read': true,
  'error.quorum': true,
  empty: true,
  more: true,
};
const contextValues = Object.keys(values);

describe('settings', () => {
  const { properties } = contributes.configuration;

  test('are those that are typed', () => {
    const typed = Object.keys(settingDefinitions).map((name) => `samsa.${name}`);
    expect(Object.keys(properties).sort()).toEqual(typed.sort());
  });

  test.each(Object.entries(settingDefinitions))('%s has the same default and bounds', (name, definition) => {
    const { default: value, minimum, maximum } = properties[`samsa.${name}`] ?? {};
    expect({ value, minimum, maximum }).toEqual({
      value: definition.default,
      minimum: 'minimum' in definition ? definition.minimum : undefined,
      maximum: 'maximum' in definition ? definition.maximum : undefined,
    });
  });

  test('offers the hosts that exist, each explained', () => {
    const property = properties['samsa.cluster.host'];
    expect(property?.['enum']).toEqual(clusterHosts);
    expect(property?.['enumDescriptions']).toHaveLength(clusterHosts.length);
  });

  test('does not let an untrusted workspace decide what runs where', () => {
    const unsafe = Object.entries(settingDefinitions).filter(
      ([name, { safeWhenUntrusted }]) => !safeWhenUntrusted && properties[`samsa.${name}`]?.['scope'] !== 'application',
    );
    const restricted = manifest.capabilities.untrustedWorkspaces.restrictedConfigurations;
    expect([...restricted].sort()).toEqual(unsafe.map(([name]) => `samsa.${name}`).sort());
  });
});

describe('commands', () => {
  test('are those that are typed', () => {
    expect(contributes.commands.map(({ command }) => command).sort()).toEqual([...commandIds].sort());
  });

  test('menus name only commands that exist', () => {
    const known = new Set<string>(commandIds);
    expect(menuEntries.filter(({ command }) => !known.has(command))).toEqual([]);
  });

  test('links in texts lead to commands that exist', () => {
    const links = Object.values(texts).flatMap((text) => [...text.matchAll(/\(command:([^)?]+)/g)].map(([, id]) => id));
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((id) => !(commandIds as readonly (string | undefined)[]).includes(id))).toEqual([]);
  });

  test('menus put every entry into a group', () => {
    const { commandPalette: _, ...menus } = contributes.menus;
    expect(
      Object.values(menus)
        .flat()
        .filter(({ group }) => group === undefined),
    ).toEqual([]);
  });
});

describe('when clauses', () => {
  const clauses = [...menuEntries.map(({ when }) => when), ...contributes.viewsWelcome.map(({ when }) => when)].filter(
    (when) => when !== undefined,
  );

  test('use only keys that are set', () => {
    const used = new Set(clauses.flatMap((when) => when.match(/\bsamsa\.[\w.]+/g) ?? []));
    used.delete('samsa.explorer');
    expect([...used].filter((key) => !(contextKeys as readonly string[]).includes(key))).toEqual([]);
  });

  test('use every key that is set', () => {
    expect(contextKeys.filter((key) => !clauses.some((when) => when.includes(key)))).toEqual([]);
  });

  test('ask for rows that exist', () => {
    const patterns = clauses.flatMap((when) =>
      [...when.matchAll(/viewItem =~ \/(.+?)\/(?= |$)/g)].map(([, p]) => p ?? ''),
    );
    expect(patterns.length).toBeGreaterThan(0);
    for (const pattern of patterns) {
      expect(
        contextValues.filter((value) => new RegExp(pattern).test(value)),
        pattern,
      ).not.toEqual([]);
    }
  });

  test('do not offer to change internal topics', () => {
    const entries = (contributes.menus['view/item/context'] ?? []).filter(({ command }) =>
      ['samsa.topic.delete', 'samsa.message.produce'].includes(command),
    );
    expect(entries.length).toBeGreaterThan(0);
    for (const { when } of entries) {
      const pattern = /viewItem =~ \/(.+?)\//.exec(when ?? '')?.[1] ?? '';
      expect(new RegExp(pattern).test('topic.internal') || new RegExp(pattern).test('partition.internal')).toBe(false);
    }
  });
});

describe('texts', () => {
  test('every placeholder has a text and every text a place', () => {
    const placeholders = new Set(
      [...JSON.stringify({ contributes, capabilities: manifest.capabilities }).matchAll(/"%([^%"]+)%"/g)].map(
        ([, key]) => key,
      ),
    );
    expect(Object.keys(texts).sort()).toEqual([...placeholders].sort());
  });

  test('steps of the walkthrough have their pictures', () => {
    for (const { media } of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
      expect(readFileSync(new URL(media.markdown, root), 'utf8')).not.toBe('');
    }
  });
});

test('is activated after start-up and declares where it works', () => {
  expect(manifest.activationEvents).toEqual([
    'onStartupFinished',
    'onWebviewPanel:samsa.offsets',
    'onWebviewPanel:samsa.replicas',
    'onWebviewPanel:samsa.messages',
  ]);
  expect(manifest.capabilities.untrustedWorkspaces.supported).toBe('limited');
  expect(manifest.capabilities.virtualWorkspaces.supported).toBeDefined();
});
