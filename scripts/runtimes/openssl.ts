import { canInstallDebianPackages, installDebianPackages } from './debian-packages.ts';
import { findExecutable } from './find-executable.ts';
import { ProvisioningError } from './provisioning-error.ts';

const INSTALLED_NAMES = ['openssl', '/usr/bin/openssl'];

/**
 * Finds an OpenSSL that makes certificates for the tests: the path in `TUTTI_OPENSSL`, else an installed one, else
 * Debian's.
 * @throws ProvisioningError when there is none
 */
export async function provisionOpenssl(): Promise<{ readonly executablePath: string }> {
  const named = process.env['TUTTI_OPENSSL'];
  const found = findExecutable(named ? [named] : INSTALLED_NAMES);
  if (found) return { executablePath: found };
  let cause: unknown = named && new Error(`TUTTI_OPENSSL names ${named}, which cannot be run.`);
  if (!named && canInstallDebianPackages()) {
    try {
      await installDebianPackages(['openssl']);
      const executablePath = findExecutable(INSTALLED_NAMES);
      if (executablePath) return { executablePath };
    } catch (error) {
      cause = error;
    }
  }
  throw new ProvisioningError(
    'OpenSSL',
    [
      'set TUTTI_OPENSSL to the path of openssl',
      'install OpenSSL, for example with `sudo apt-get install openssl`',
      'run as root on Debian, so that it can be installed for you',
    ],
    cause,
  );
}
