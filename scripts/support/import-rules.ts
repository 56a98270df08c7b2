import { cruise } from 'dependency-cruiser';
import type { IDependency, IModule } from 'dependency-cruiser';
import { builtinModules } from 'node:module';
import { layers, toolkitModules, toolkitPackage } from './import-table.ts';
import type { Layer } from './import-table.ts';
import { root } from './paths.ts';

/** The layer of a file, by its path relative to the root. */
export function layerOf(path: string): Layer | undefined {
  return layers.find((layer) => new RegExp(layer.path).test(path));
}

/** Why `from` may not import `to` (a path, `node:x` or a package's name), or undefined when it may. */
export function objection(from: string, to: string): string | undefined {
  const layer = layerOf(from);
  if (layer === undefined) return `${from} belongs to no layer of the import table`;
  if (isAllowed(layer, from, to)) return undefined;
  return `${from} → ${to}: not allowed in layer '${layer.name}'`;
}

function isAllowed(layer: Layer, from: string, to: string): boolean {
  if (to.startsWith('node:')) return layer.node === 'all' || layer.node.includes(to.slice('node:'.length));
  if (to === toolkitPackage) return new RegExp(toolkitModules).test(from);
  if (/^(extension|webview|scripts|test)\//.test(to)) {
    return layerOf(to) === layer || layer.may.some((pattern) => new RegExp(pattern).test(to));
  }
  return layer.packages.includes(to);
}

/** What an import leads to, in the terms of `objection`. */
function target(dependency: IDependency): string {
  const { module, resolved } = dependency;
  const bare = module.replace(/^node:/, '');
  if (module.startsWith('node:') || builtinModules.includes(bare)) return `node:${bare.split('/')[0]}`;
  if (module.startsWith('.')) return resolved;
  return /^(@[^/]+\/)?[^/]+/.exec(module)?.[0] ?? module;
}

/** Cruises extension/ and webview/ below `baseDir` and returns one line per violation, sorted. */
export async function importViolations(baseDir = root): Promise<string[]> {
  const { output } = await cruise(['extension', 'webview'], {
    baseDir,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.json$' },
    tsPreCompilationDeps: true,
    ruleSet: {
      forbidden: [{ name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } }],
    },
    validate: true,
  });
  if (typeof output === 'string') throw new Error('dependency-cruiser returned a report instead of its result');
  const found = new Set<string>();
  for (const module of output.modules.filter(isOurs)) {
    if (/(^|\/)index\.ts$/.test(module.source)) found.add(`${module.source}: no barrel files`);
    for (const dependency of module.dependencies) {
      const why =
        dependency.couldNotResolve && dependency.module.startsWith('.')
          ? `${module.source} → ${dependency.module}: no such file`
          : objection(module.source, target(dependency));
      if (why !== undefined) found.add(why);
    }
  }
  for (const violation of output.summary.violations) {
    const path = violation.cycle?.map(({ name }) => name).join(' → ') ?? violation.to;
    found.add(`cycle: ${violation.from} → ${path}`);
  }
  return [...found].sort();
}

function isOurs(module: IModule): boolean {
  return /^(extension|webview)\/.*\.ts$/.test(module.source);
}
