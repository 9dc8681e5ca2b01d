import * as native from 'node:path';

/** Whether `path` is `folder` or lies in it; both are absolute. `paths`: the rules of another system than this one. */
export function isWithin(folder: string, path: string, paths: native.PlatformPath = native): boolean {
  const way = paths.relative(folder, path);
  // Absolute when it leads to another drive.
  return way !== '..' && !way.startsWith(`..${paths.sep}`) && !paths.isAbsolute(way);
}
