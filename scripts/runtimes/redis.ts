import { canInstallDebianPackages, installDebianPackages } from './debian-packages.ts';
import { findExecutable } from './find-executable.ts';
import { ProvisioningError } from './provisioning-error.ts';

const INSTALLED_NAMES = ['redis-server', 'valkey-server', '/usr/bin/redis-server'];

/** Where the program of a Redis server is. */
export interface RedisRuntime {
  readonly executablePath: string;
}

/**
 * Finds a Redis server for the tests, or one that speaks its protocol: the path in `TUTTI_REDIS_SERVER`, else an
 * installed one, else Debian's.
 * @throws ProvisioningError when there is none
 */
export async function provisionRedis(): Promise<RedisRuntime> {
  const named = process.env['TUTTI_REDIS_SERVER'];
  const found = findExecutable(named ? [named] : INSTALLED_NAMES);
  if (found) return { executablePath: found };
  if (named) throw missing(new Error(`TUTTI_REDIS_SERVER names ${named}, which cannot be run.`));
  if (!canInstallDebianPackages()) throw missing();
  try {
    await installDebianPackages(['redis-server']);
  } catch (error) {
    throw missing(error);
  }
  const executablePath = findExecutable(INSTALLED_NAMES);
  if (!executablePath) throw missing(new Error('The package redis-server brought no redis-server.'));
  return { executablePath };
}

function missing(cause?: unknown): ProvisioningError {
  return new ProvisioningError(
    'A Redis server',
    [
      'set TUTTI_REDIS_SERVER to the path of redis-server or valkey-server',
      'install Redis or Valkey, for example with `sudo apt-get install redis-server`',
      'run as root on Debian, so that it can be installed for you',
    ],
    cause,
  );
}
