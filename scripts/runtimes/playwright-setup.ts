import { provisionChromium } from './chromium.ts';
import { startDisplay } from './display.ts';
import { provisionElectron } from './electron.ts';

/**
 * Provides what the end-to-end tests run on, by way of the environment: `TUTTI_CHROMIUM`, `ELECTRON_EXEC_PATH`
 * and, where there is none yet, a `DISPLAY`. Returns the tear-down.
 */
export default async function provideRuntimes(): Promise<() => Promise<void>> {
  process.env['TUTTI_CHROMIUM'] = (await provisionChromium()).executablePath;
  process.env['ELECTRON_EXEC_PATH'] = (await provisionElectron()).executablePath;
  const display = await startDisplay();
  Object.assign(process.env, display.env);
  return () => display.dispose();
}
