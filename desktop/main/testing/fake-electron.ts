import { EventEmitter } from 'node:events';

/** What the app sends to its pages, in order. */
export const sent: { readonly pageId: number; readonly channel: string; readonly value: unknown }[] = [];

type Answer = (event: unknown, value: unknown) => Promise<unknown>;
const answers = new Map<string, Answer>();
let nextId = 1;

/** Asks the app as the page of a window does. */
export async function ask(pageId: number, channel: string, value?: unknown, url = 'tutti-app://app/index.html') {
  const answer = answers.get(channel);
  if (!answer) throw new Error(`nobody answers ${channel}`);
  return answer({ senderFrame: { parent: null, url }, sender: { id: pageId } }, value);
}

export const ipcMain = {
  handle: (channel: string, answer: Answer) => void answers.set(channel, answer),
  removeHandler: (channel: string) => void answers.delete(channel),
};

class WebContents extends EventEmitter {
  readonly id = nextId++;
  setWindowOpenHandler(): void {}
  send(channel: string, value: unknown): void {
    sent.push({ pageId: this.id, channel, value });
  }
  postMessage(channel: string): void {
    sent.push({ pageId: this.id, channel, value: undefined });
  }
}

/** A window that shows nothing. */
export class BrowserWindow extends EventEmitter {
  static readonly all: BrowserWindow[] = [];
  readonly webContents = new WebContents();
  private isGone = false;
  constructor() {
    super();
    BrowserWindow.all.push(this);
  }
  async loadURL(): Promise<void> {}
  isDestroyed(): boolean {
    return this.isGone;
  }
  isFocused(): boolean {
    return BrowserWindow.all.at(-1) === this;
  }
  isMinimized(): boolean {
    return false;
  }
  show(): void {}
  focus(): void {}
  destroy(): void {
    this.isGone = true;
    BrowserWindow.all.splice(BrowserWindow.all.indexOf(this), 1);
    this.emit('closed');
  }
}

class Port extends EventEmitter {
  start(): void {}
  postMessage(): void {}
  close(): void {
    this.emit('close');
  }
}

export class MessageChannelMain {
  readonly port1 = new Port();
  readonly port2 = new Port();
}

export const nativeTheme = { shouldUseDarkColors: true };
export const clipboard = { writeText: (): void => {} };
/** What the person chooses in the next dialog that asks what to open; nothing: they give it up. */
export const chosenPaths: string[] = [];
export const dialog = {
  showOpenDialog: async () => ({ canceled: chosenPaths.length === 0, filePaths: chosenPaths.splice(0) }),
  showSaveDialog: async () => ({ canceled: true, filePath: '' }),
};
export const shell = { openExternal: async (): Promise<void> => {}, showItemInFolder: (): void => {} };
export const protocol = { registerSchemesAsPrivileged: (): void => {} };
