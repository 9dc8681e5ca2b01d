import type { BrowserWindow, WebContents } from 'electron';
import { type Disposable, MutableDisposable } from '../../shared/lifecycle/index.ts';
import type { WorkspaceStatus } from '../ipc/index.ts';
import type { RoomHost } from './session/room-host.ts';

/** An open window and the room in it. */
export interface WindowEntry {
  readonly window: BrowserWindow;
  status: WorkspaceStatus;
  host: RoomHost | undefined;
  /** Keeps the room open; disposing closes it in this window. */
  readonly lease: MutableDisposable<Disposable>;
  /** The page's connection to the engine. */
  readonly attachment: MutableDisposable<Disposable>;
  /** A join that waits for an owner. */
  readonly approvalWait: MutableDisposable<Disposable>;
  /** Key of the room that the window is to show again, until it does. */
  reopening: string | undefined;
  /** A link to ask about as soon as the page can. */
  joinLink: string | undefined;
  /** Where the room of that link is to be mirrored to. */
  mirrorFolder: string | undefined;
  /** The page has said that it takes events. */
  isReady: boolean;
}

/** The open windows, by their page. */
export class WindowRegistry {
  private readonly entries = new Map<number, WindowEntry>();

  add(window: BrowserWindow): WindowEntry {
    const entry: WindowEntry = {
      window,
      status: { kind: 'none' },
      host: undefined,
      lease: new MutableDisposable(),
      attachment: new MutableDisposable(),
      approvalWait: new MutableDisposable(),
      reopening: undefined,
      joinLink: undefined,
      mirrorFolder: undefined,
      isReady: false,
    };
    const { id } = window.webContents;
    this.entries.set(id, entry);
    window.once('closed', () => {
      this.entries.delete(id);
      entry.approvalWait.dispose();
      entry.attachment.dispose();
      entry.lease.dispose();
    });
    return entry;
  }

  /** The entry of a page that sent a request. */
  of(sender: WebContents): WindowEntry {
    const entry = this.entries.get(sender.id);
    if (!entry) throw new Error('the request comes from a window that is closed');
    return entry;
  }

  get all(): readonly WindowEntry[] {
    return [...this.entries.values()];
  }

  /** The window that the person used last, or any. */
  get focused(): WindowEntry | undefined {
    return this.all.find(({ window }) => window.isFocused()) ?? this.all.at(-1);
  }
}
