import { expect, it, onTestFinished, vi } from 'vitest';
import { provisionChromium } from './chromium.ts';
import { ProvisioningError } from './provisioning-error.ts';

function setChromium(path: string): void {
  vi.stubEnv('TUTTI_CHROMIUM', path);
  onTestFinished(() => void vi.unstubAllEnvs());
}

it('takes the Chromium that the environment names', async () => {
  setChromium(process.execPath);
  expect(await provisionChromium()).toEqual({ executablePath: process.execPath });
});

it('names the choices when that one is not there, and installs nothing in its place', async () => {
  setChromium('/nowhere/chromium');
  const failure = provisionChromium();
  await expect(failure).rejects.toBeInstanceOf(ProvisioningError);
  await expect(failure).rejects.toThrow(/TUTTI_CHROMIUM[^]*apt-get install chromium/);
});
