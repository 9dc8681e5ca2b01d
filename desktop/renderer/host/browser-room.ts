import { formatShareLink, type ShareLink } from '../../../shared/access/index.ts';
import { systemScheduler } from '../../../shared/lifecycle/index.ts';
import { AttachmentHost, type AttachmentPort, createDirectPorts } from '../../../shared/sync/attachment/index.ts';
import {
  createShareLink,
  DELIVERY_ON_LEAVING_MS,
  LinkTokenSource,
  type OfflineStore,
  RoomSession,
} from '../../../shared/sync/index.ts';
import type { Outcome, ShareRole } from '../../ipc/index.ts';
import { connectBrowserSocket } from '../session/browser-socket.ts';
import { openIndexedDbStore } from '../session/indexeddb-store.ts';
import { postJson } from '../session/post-json.ts';

/** A room that a page is in: the engine runs in the page itself. */
export class BrowserRoom {
  readonly room: string;
  private readonly link: ShareLink;
  private readonly tokens: LinkTokenSource;
  private readonly store: OfflineStore;
  private readonly session: RoomSession;
  private readonly attachments: AttachmentHost;

  private constructor(link: ShareLink, tokens: LinkTokenSource, store: OfflineStore) {
    this.room = link.room;
    this.link = link;
    this.tokens = tokens;
    this.store = store;
    this.session = new RoomSession({
      syncUrl: `${link.relayUrl.replace(/^http/, 'ws')}/sync/${link.room}`,
      tokenSource: tokens,
      store,
      connect: connectBrowserSocket,
      scheduler: systemScheduler,
      random: Math.random,
      client: 'tutti-browser/0.1.0',
      sessionId: crypto.randomUUID(),
    });
    this.attachments = new AttachmentHost(this.session);
  }

  /** Trades the link and opens the room. A relay that cannot be reached is no failure: what is stored here opens. */
  static async join(link: ShareLink, name: string): Promise<Outcome<BrowserRoom>> {
    const { relayUrl, room, secret } = link;
    const tokens = new LinkTokenSource({ relayUrl, room, secret, name, postJson, scheduler: systemScheduler });
    const first = await tokens.obtain({ isFresh: false });
    if (first.kind === 'permanent') return { ok: false, explanation: first.explanation };
    const store = await openIndexedDbStore(room);
    return { ok: true, value: new BrowserRoom(link, tokens, store) };
  }

  get isOwner(): boolean {
    return this.tokens.grant?.role === 'owner';
  }

  /** Makes a channel to the engine; the result is the window's end. */
  attach(): AttachmentPort {
    const [enginesEnd, windowsEnd] = createDirectPorts();
    this.attachments.attach(enginesEnd);
    return windowsEnd;
  }

  async createLink(role: ShareRole): Promise<Outcome<string>> {
    const granted = await this.tokens.obtain({ isFresh: false });
    if (granted.kind !== 'granted') return { ok: false, explanation: granted.explanation };
    const { relayUrl, room } = this.link;
    const made = await createShareLink(postJson, relayUrl, room, granted.granted.token, role);
    return made.ok ? { ok: true, value: formatShareLink({ relayUrl, room, secret: made.value }) } : made;
  }

  /** Leaves the room; resolves when everything is stored. */
  async leave(): Promise<void> {
    this.attachments.dispose();
    await this.session.whenDelivered(DELIVERY_ON_LEAVING_MS);
    await this.session.leave();
    await this.store.close();
  }
}
