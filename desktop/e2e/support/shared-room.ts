import { type Browser, type BrowserContextOptions, chromium, expect } from '@playwright/test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { CHROMIUM_ARGUMENTS } from '../../../scripts/runtimes/chromium.ts';
import { operatorToken, RelayProcess } from '../../testing/relay-process.ts';
import { launchDesktop } from './desktop-app.ts';
import { type DesktopPerson, Person } from './person.ts';
import { createFolder, type TestFolder } from './sample-folder.ts';

/** How others see Ana: the desktop app takes the name of this computer's account, as long as nobody changes it. */
export const ANA_AS_SHOWN = userInfo().username;

/** What somebody chooses who makes a share link. */
export interface LinkChoices {
  readonly label: string;
  readonly role?: 'editor' | 'commenter' | 'viewer';
  /** Patterns, as they are typed. */
  readonly paths?: string;
  readonly needsApproval?: boolean;
}

/** A relay that serves the browser client, a browser, and Ana, who shares a folder with the desktop app. */
export interface SharedRoom {
  readonly data: string;
  readonly folder: TestFolder;
  /** The one that runs, or ran last. */
  readonly relay: RelayProcess;
  readonly browser: Browser;
  readonly ana: DesktopPerson;
  readOnDisk(path: string): Promise<string>;
  /** Starts the relay again that was stopped, with what it stored and where it was. */
  startRelayAgain(): Promise<void>;
  dispose(): Promise<void>;
}

/** Starts them on a folder with the given texts, after `prepare`. The caller disposes of the result. */
export async function shareFolder(
  texts: Readonly<Record<string, string>>,
  prepare: (folder: string) => Promise<unknown> = () => Promise.resolve(),
): Promise<SharedRoom> {
  const data = await mkdtemp(join(tmpdir(), 'tutti-e2e-'));
  const folder = await createFolder(texts);
  await prepare(folder.path);
  const staticFolder = resolve('out/browser');
  const [started, browser] = await Promise.all([
    RelayProcess.start(join(data, 'relay'), { staticFolder }),
    launchBrowser(),
  ]);
  let relay = started;
  const ana = await launchDesktop({
    name: 'Ana',
    userData: join(data, 'ana'),
    relayUrl: relay.url,
    operatorToken: await operatorToken(join(data, 'relay')),
    folder: folder.path,
  });
  await ana.expectOnline();
  await ana.runCommand('Dark Theme');
  return {
    data,
    folder,
    get relay() {
      return relay;
    },
    browser,
    ana,
    readOnDisk: (path) => readFile(join(folder.path, path), 'utf8'),
    async startRelayAgain() {
      relay = await RelayProcess.start(relay.dataFolder, { port: relay.port, staticFolder });
    },
    async dispose() {
      await Promise.all([ana.app.close(), browser.close()]);
      await relay.stop();
      await folder.remove();
      await rm(data, { recursive: true, force: true });
    },
  };
}

export function launchBrowser(...args: readonly string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['TUTTI_CHROMIUM'] ?? '',
    args: [...CHROMIUM_ARGUMENTS, ...args],
  });
}

/** Somebody in a browser of their own: nothing that another page keeps is in it. */
export async function openBrowser(
  browser: Browser,
  name: string,
  options: BrowserContextOptions = {},
): Promise<Person> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: 'dark',
    permissions: ['clipboard-write'],
    ...options,
  });
  return new Person(name, await context.newPage());
}

/** Makes a share link in the dialog of an owner, and closes the dialog. Gives both forms of the link. */
export async function makeLink(
  owner: Person,
  { label, role = 'editor', paths = '', needsApproval = false }: LinkChoices,
): Promise<{ readonly url: string; readonly appUrl: string }> {
  await owner.page.getByRole('button', { name: 'Invite', exact: true }).click();
  const dialog = owner.page.getByRole('dialog', { name: 'Share this room' });
  await dialog.getByLabel('Whoever has the link').selectOption(role);
  await dialog.getByLabel('Label').fill(label);
  await dialog.getByLabel('Only these paths').fill(paths);
  await dialog.getByLabel('An owner lets each person in').setChecked(needsApproval);
  await dialog.getByRole('button', { name: 'Create and Copy Link' }).click();
  const url = dialog.getByRole('textbox', { name: 'Share link' });
  await expect(url).toHaveValue(/\/join\//);
  const made = {
    url: await url.inputValue(),
    appUrl: await dialog.getByRole('textbox', { name: 'Link for the app' }).inputValue(),
  };
  await owner.page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  return made;
}
