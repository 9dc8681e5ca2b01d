import { canInstallDebianPackages, installDebianPackages } from './debian-packages.ts';
import { findExecutable } from './find-executable.ts';
import { ProvisioningError } from './provisioning-error.ts';

/** Keeps Chromium quiet: no GPU, no background look-ups, and no sandbox, which root cannot have. */
export const CHROMIUM_ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

const INSTALLED_NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** Where Chromium is or would be: the path in `TUTTI_CHROMIUM`, else an installed one, else Debian's place. */
export function chromiumPath(): string {
  return process.env['TUTTI_CHROMIUM'] ?? findExecutable(INSTALLED_NAMES) ?? '/usr/bin/chromium';
}

/**
 * Finds a Chromium for the tests, or installs Debian's.
 * @throws ProvisioningError when there is none
 */
export async function provisionChromium(): Promise<{ executablePath: string }> {
  const found = findExecutable([chromiumPath()]);
  if (found) return { executablePath: found };
  let cause: unknown;
  if (!process.env['TUTTI_CHROMIUM'] && canInstallDebianPackages()) {
    try {
      await installDebianPackages(['chromium', 'fonts-dejavu-core']);
      return { executablePath: chromiumPath() };
    } catch (error) {
      cause = error;
    }
  }
  throw new ProvisioningError(
    'Chromium',
    [
      'set TUTTI_CHROMIUM to the path of a Chromium or Chrome',
      'install Chromium or Google Chrome, for example with `sudo apt-get install chromium`',
      'run as root on Debian, so that it can be installed for you',
    ],
    cause,
  );
}
