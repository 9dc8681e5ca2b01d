import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where runtimes are kept between runs, shared by all copies of the project. It can be deleted at any time. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'tutti');
}
