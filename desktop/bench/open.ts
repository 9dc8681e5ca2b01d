import { expect } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../../scripts/build/ensure-built.ts';
import provideRuntimes from '../../scripts/runtimes/playwright-setup.ts';
import { launchDesktop } from '../e2e/support/desktop-app.ts';
import { createSampleFolder } from '../e2e/support/sample-folder.ts';
import { operatorToken, RelayProcess } from '../testing/relay-process.ts';
import { percentile, rounded } from './percentile.ts';

// Measures the time from the start of the desktop app's process, on a folder of more than 500 files, to a file whose text
// is shown and takes a key. Prints one JSON line for folders that are new to the app and one for folders it knows.

const FILE = 'src/module-7/file-3.ts';
const FILE_TEXT = 'export const value0 = 7300;';
const RUNS = 5;

interface OpenTimes {
  readonly windowMs: number;
  readonly filesMs: number;
  readonly editableMs: number;
}

interface OpenRequest {
  readonly userData: string;
  readonly folder: string;
  readonly relay: RelayProcess;
  readonly token: string;
}

async function measureOpening({ userData, folder, relay, token }: OpenRequest): Promise<OpenTimes> {
  const startMs = performance.now();
  const sinceStart = () => performance.now() - startMs;
  const person = await launchDesktop({ name: 'Ana', userData, relayUrl: relay.url, operatorToken: token, folder });
  try {
    const windowMs = sinceStart();
    await person.page.getByRole('treeitem').first().waitFor();
    const filesMs = sinceStart();
    await person.openFile(FILE);
    await person.clickLine(FILE_TEXT);
    // A key that arrives in the text is what shows that the file can be edited; taking it back leaves the file as it was.
    await person.page.keyboard.press('!');
    await expect(person.editor.locator('.view-line').first()).toHaveText(`${FILE_TEXT}!`);
    const editableMs = sinceStart();
    await person.page.keyboard.press('Backspace');
    return { windowMs, filesMs, editableMs };
  } finally {
    await person.app.close();
  }
}

function report(folder: 'new' | 'known', runs: readonly OpenTimes[]): void {
  const median = (of: keyof OpenTimes) =>
    rounded(
      percentile(
        runs.map((times) => times[of]),
        0.5,
      ),
    );
  const maxMs = rounded(Math.max(...runs.map(({ editableMs }) => editableMs)));
  const medians = { windowP50Ms: median('windowMs'), filesP50Ms: median('filesMs'), p50Ms: median('editableMs') };
  console.log(JSON.stringify({ bench: 'open', folder, runs: runs.length, ...medians, maxMs, load: loadavg()[0] }));
}

await ensureBuilt();
const stopRuntimes = await provideRuntimes();
const data = await mkdtemp(join(tmpdir(), 'tutti-bench-'));
const folder = await createSampleFolder();
const relay = await RelayProcess.start(join(data, 'relay'));
try {
  const token = await operatorToken(relay.dataFolder);
  const fresh: OpenTimes[] = [];
  const known: OpenTimes[] = [];
  for (let run = 0; run < RUNS; run++) {
    const request = { userData: join(data, `user-${run}`), folder: folder.path, relay, token };
    fresh.push(await measureOpening(request));
    known.push(await measureOpening(request));
  }
  report('new', fresh);
  report('known', known);
} finally {
  await relay.stop();
  await folder.remove();
  await rm(data, { recursive: true, force: true });
  await stopRuntimes();
}
