import { canInstallDebianPackages, installDebianPackages } from './debian-packages.ts';
import { findExecutable } from './find-executable.ts';
import { ProvisioningError } from './provisioning-error.ts';

const INSTALLED_NAMES = ['nginx', '/usr/sbin/nginx'];

/**
 * Finds an nginx for the tests: the path in `TUTTI_NGINX`, else an installed one, else Debian's.
 * @throws ProvisioningError when there is none
 */
export async function provisionNginx(): Promise<{ readonly executablePath: string }> {
  const named = process.env['TUTTI_NGINX'];
  const found = findExecutable(named ? [named] : INSTALLED_NAMES);
  if (found) return { executablePath: found };
  let cause: unknown = named && new Error(`TUTTI_NGINX names ${named}, which cannot be run.`);
  if (!named && canInstallDebianPackages()) {
    try {
      await installDebianPackages(['nginx-light']);
      const executablePath = findExecutable(INSTALLED_NAMES);
      if (executablePath) return { executablePath };
    } catch (error) {
      cause = error;
    }
  }
  throw new ProvisioningError(
    'nginx',
    [
      'set TUTTI_NGINX to the path of nginx',
      'install nginx, for example with `sudo apt-get install nginx-light`',
      'run as root on Debian, so that it can be installed for you',
    ],
    cause,
  );
}
