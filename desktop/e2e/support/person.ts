import { type ElectronApplication, expect, type Locator, type Page } from '@playwright/test';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const SCREENSHOTS = 'out/screenshots';

/** Somebody in front of a window or a browser page of Tutti. Works through what a person sees and presses. */
export class Person {
  readonly name: string;
  readonly page: Page;

  constructor(name: string, page: Page) {
    this.name = name;
    this.page = page;
  }

  get statusBar(): Locator {
    return this.page.getByRole('contentinfo', { name: 'Status' });
  }

  /** The text area of the editor that is shown. */
  get editor(): Locator {
    return this.page.locator('.monaco-editor[role="code"]').filter({ visible: true }).first();
  }

  /** Opens a file by its name, as with Ctrl+P. */
  async openFile(path: string): Promise<void> {
    await this.whenListed();
    await this.page.keyboard.press('Control+P');
    const search = this.page.getByRole('combobox', { name: 'Search files by name' });
    await search.fill(path);
    const name = path.split('/').at(-1) ?? path;
    await this.page.getByRole('option').filter({ hasText: name }).first().click();
    await expect(this.page.getByRole('tab', { name }).first()).toBeVisible();
    await expect(this.editor.locator('.view-lines')).toBeVisible();
  }

  /** Waits for the list of files, in whose place there may be what others changed while this person was away. */
  private async whenListed(): Promise<void> {
    const files = this.page.getByRole('treeitem').first();
    const changes = this.page.getByRole('button', { name: /^Changes/, pressed: true });
    await expect(files.or(changes)).toBeVisible();
    if (await changes.isVisible()) await this.showView('Explorer');
    await expect(files).toBeVisible();
  }

  /** Opens a share link in the page, and says yes to it. */
  async join(link: string): Promise<void> {
    await this.page.goto(link);
    await this.acceptLink();
  }

  /** Says yes, under their name, to the link that Tutti asks about. */
  async acceptLink(): Promise<void> {
    await this.page.getByRole('textbox', { name: 'Your name' }).fill(this.name);
    await this.page.getByRole('button', { name: 'Join', exact: true }).click();
  }

  /** Runs a command by its title, as with F1. */
  async runCommand(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.page.getByRole('combobox').last().fill(`>${title}`);
    await this.page.getByRole('option').filter({ hasText: title }).first().click();
  }

  /** Collapses the explorer, so that the files at the top of the folder can be seen. */
  async showTopOfFolder(): Promise<void> {
    await this.page.getByRole('treeitem').first().hover();
    await this.page.getByRole('button', { name: 'Collapse Folders' }).click();
    await expect(this.page.getByRole('treeitem', { name: 'README.md' })).toBeVisible();
  }

  /** Puts the caret at the end of the line with `text`. */
  async clickLine(text: string): Promise<void> {
    await this.editor.locator('.view-line', { hasText: text }).first().click();
    await this.page.keyboard.press('End');
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text, { delay: 15 });
  }

  /** The shown part of the text, line by line; files in the tests fit into the window. */
  async visibleText(): Promise<string> {
    const lines = await this.editor.locator('.view-line').evaluateAll((elements) =>
      elements
        .map((element) => ({ top: Number.parseFloat(element.style.top), text: element.textContent ?? '' }))
        .sort((a, b) => a.top - b.top)
        .map(({ text }) => text.replaceAll('\u00a0', ' ')),
    );
    return lines.join('\n');
  }

  get connection(): Locator {
    return this.page.getByTestId('connection');
  }

  get saveState(): Locator {
    return this.page.getByTestId('save-state');
  }

  /** Shows a view of the side bar. */
  async showView(name: 'Explorer' | 'Changes' | 'People'): Promise<void> {
    const button = this.page.getByRole('navigation').getByRole('button', { name: new RegExp(`^${name}`) });
    if ((await button.getAttribute('aria-pressed')) !== 'true') await button.click();
  }

  async expectOnline(): Promise<void> {
    await expect(this.statusBar.getByText('Online', { exact: true })).toBeVisible();
  }

  async screenshot(step: string): Promise<void> {
    const path = join(SCREENSHOTS, `${step}-${this.name.toLowerCase()}.png`);
    await mkdir(dirname(path), { recursive: true });
    await this.page.screenshot({ path });
  }
}

/** A person with the desktop app. */
export class DesktopPerson extends Person {
  readonly app: ElectronApplication;

  constructor(name: string, page: Page, app: ElectronApplication) {
    super(name, page);
    this.app = app;
  }
}
