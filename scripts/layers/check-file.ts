import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { type Import, readImports } from './imports.ts';
import { type Layer, LAYERS, PACKAGE_OWNERS } from './rules.ts';

/** Checks one file against the layers and returns a line for every violation. `path` is relative to the root, with `/`. */
export function checkFile(path: string, source: string): string[] {
  const layer = layerOf(path);
  if (!layer) return [`${path}: lies in no layer; give its folder an entry in scripts/layers/rules.ts`];
  return readImports(path, source).flatMap((found) => {
    const problem = isRelative(found.specifier) ? checkRelative(path, layer, found) : checkPackage(path, layer, found);
    return problem ? [`${path}:${found.line}: ${problem}`] : [];
  });
}

function checkRelative(path: string, layer: Layer, { specifier, isTypeOnly }: Import): string | undefined {
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  const targetLayer = layerOf(target);
  if (!targetLayer) return `${specifier} lies in no layer`;
  if (targetLayer === layer) return undefined;
  const allowed = isTest(path) ? [...layer.mayImport, ...(layer.testsMayImport ?? [])] : layer.mayImport;
  const grant = allowed.filter((folder) => isInside(target, folder));
  const isGranted = targetLayer.testsOnly
    ? grant.some((folder) => isInside(folder, targetLayer.folder))
    : grant.length > 0;
  if (!isGranted)
    return `${layer.folder || 'the root'} may not import ${targetLayer.folder || 'the root'} (${specifier})`;
  if (targetLayer.typesOnly && !isTypeOnly)
    return `${targetLayer.folder} holds types only: write \`import type\` (${specifier})`;
  return undefined;
}

function checkPackage(path: string, layer: Layer, { specifier }: Import): string | undefined {
  if (layer.withoutNode && isBuiltin(specifier) && !isTest(path))
    return `${layer.folder} may not import Node's ${specifier}`;
  const owner = PACKAGE_OWNERS.find(({ packages }) => packages.some((name) => isOfPackage(specifier, name)));
  if (!owner) return undefined;
  const isAllowed =
    owner.folders.some((folder) => isInside(path, folder)) &&
    !(owner.except ?? []).some((folder) => isInside(path, folder));
  if (isAllowed) return undefined;
  const except = owner.except ? `, except ${owner.except.join(', ')}` : '';
  return `${specifier} may be imported only in ${owner.folders.join(', ')}${except}`;
}

function layerOf(path: string): Layer | undefined {
  const matching = LAYERS.filter(({ folder }) => (folder === '' ? !path.includes('/') : isInside(path, folder)));
  return matching.sort((a, b) => b.folder.length - a.folder.length)[0];
}

function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function isOfPackage(specifier: string, name: string): boolean {
  return name.endsWith('/') ? specifier.startsWith(name) : isInside(specifier, name);
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith('.') || specifier.startsWith('/');
}

function isTest(path: string): boolean {
  return /\.(test|contract|e2e)\.tsx?$/.test(path) || path.includes('/testing/');
}
