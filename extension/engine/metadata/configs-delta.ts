import type { ConfigRecord } from '../../protocol/generated/config-record.ts';
import { configResourceKey, ConfigResourceType, ConfigsImage } from './metadata-image.ts';
import { SortedMap } from './sorted-map.ts';

/** What happens to the configs of one resource: values set, null where one was removed. */
export interface ConfigChanges {
  readonly type: number;
  readonly name: string;
  readonly changes: ReadonlyMap<string, string | null>;
}

/** What happens to dynamic configs. */
export class ConfigsDelta {
  readonly before: ConfigsImage;
  /** By `configResourceKey`. */
  readonly changed = new Map<string, ConfigChanges & { readonly changes: Map<string, string | null> }>();

  constructor(before: ConfigsImage) {
    this.before = before;
  }

  set(record: ConfigRecord): void {
    this.#changes(record.resourceType, record.resourceName).set(record.name, record.value);
  }

  /** The changes of one resource, if any. */
  get(type: number, name: string): ReadonlyMap<string, string | null> | undefined {
    return this.changed.get(configResourceKey(type, name))?.changes;
  }

  /** A topic's configs go with it. */
  deleteTopic(name: string): void {
    const pending = this.changed.get(configResourceKey(ConfigResourceType.TOPIC, name));
    for (const key of pending?.changes.keys() ?? []) pending?.changes.set(key, null);
    for (const [key] of this.before.get(ConfigResourceType.TOPIC, name)) {
      this.#changes(ConfigResourceType.TOPIC, name).set(key, null);
    }
  }

  apply(): ConfigsImage {
    if (this.changed.size === 0) return this.before;
    let resources = this.before.resources;
    for (const [resource, { changes }] of this.changed) {
      let configs = resources.get(resource) ?? SortedMap.empty<string>();
      for (const [name, value] of changes) configs = value === null ? configs.without(name) : configs.with(name, value);
      resources = configs.size === 0 ? resources.without(resource) : resources.with(resource, configs);
    }
    return new ConfigsImage(resources);
  }

  #changes(type: number, name: string): Map<string, string | null> {
    const key = configResourceKey(type, name);
    let entry = this.changed.get(key);
    if (entry === undefined) {
      entry = { type, name, changes: new Map() };
      this.changed.set(key, entry);
    }
    return entry.changes;
  }
}
