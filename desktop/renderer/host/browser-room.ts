import type { ShareLink } from '../../../shared/access/index.ts';
import { DisposableStore, Emitter, errorMessage, systemScheduler } from '../../../shared/lifecycle/index.ts';
import {
  heeding,
  MemoryLinkSecrets,
  RoomAdministration,
  RoomChanges,
  RoomEvents,
  RoomLinks,
  RoomRequests,
} from '../../../shared/sync/administration/index.ts';
import { AttachmentHost, type AttachmentPort, createDirectPorts } from '../../../shared/sync/attachment/index.ts';
import {
  type ApprovalWait,
  DELIVERY_ON_LEAVING_MS,
  LinkTokenSource,
  type LinkTokenSourceOptions,
  type PostJson,
  ProposalDelivery,
  type ProposalReport,
  readUnsentTexts,
  RoomSession,
  type TokenResult,
  type UnsentText,
} from '../../../shared/sync/index.ts';
import { INDEX_DOCUMENT, type SharedFile, WorkspaceIndex } from '../../../shared/workspace/index.ts';
import type { Outcome, TransfersState } from '../../ipc/index.ts';
import { BlobDownload } from '../session/blob-download.ts';
import { connectBrowserSocket } from '../session/browser-socket.ts';
import { isKeptInIndexedDb } from '../session/indexeddb-rooms.ts';
import { type IndexedDbStore, openIndexedDbStore } from '../session/indexeddb-store.ts';
import { postJson, postJsonWithin, sendRequest } from '../session/post-json.ts';
import { randomId } from '../session/random-id.ts';

/** So long a room that is kept here waits for the relay, which may refuse the link, before it opens. */
const FIRST_ANSWER_MS = 2_000;
const MAX_SHOWN_BYTES = 5 * 1024 * 1024;
const TOKEN_KEY = 'tutti.token.';
const PROPOSAL_KEY = 'tutti.proposal.';

/** A room that a page is in: the engine runs in the page itself. */
export class BrowserRoom {
  readonly room: string;
  readonly administration: RoomAdministration;
  readonly links: RoomLinks;
  /** What happened in the room, for everybody in it. */
  readonly history: RoomEvents;
  private readonly tokens: LinkTokenSource;
  private readonly store: IndexedDbStore;
  private readonly session: RoomSession;
  private readonly attachments: AttachmentHost;
  private readonly proposals: ProposalDelivery;
  private readonly disposables = new DisposableStore();
  private readonly transfers = this.disposables.add(new Emitter<TransfersState>());
  private readonly downloads: BlobDownload;

  /** What the relay answers is a sign that it can be reached. */
  private readonly send = heeding(sendRequest, () => this.session.relayAnswered());

  readonly onDidChangeTransfers = this.transfers.event;

  private constructor(link: ShareLink, tokens: LinkTokenSource, store: IndexedDbStore) {
    this.room = link.room;
    const { relayUrl, room } = link;
    this.administration = new RoomAdministration({ relayUrl, room, tokens, send: this.send });
    const { administration } = this;
    this.links = new RoomLinks({ relayUrl, room, administration, secrets: new MemoryLinkSecrets() });
    this.history = new RoomEvents({ relayUrl, room, tokens, send: this.send });
    this.tokens = tokens;
    this.store = store;
    this.session = new RoomSession({
      syncUrl: `${link.relayUrl.replace(/^http/, 'ws')}/sync/${link.room}`,
      tokenSource: tokens,
      store,
      authors: new RoomChanges({ relayUrl, room, tokens, send: this.send }),
      connect: connectBrowserSocket,
      scheduler: systemScheduler,
      random: Math.random,
      client: 'tutti-browser/0.1.0',
      sessionId: randomId(),
    });
    this.attachments = new AttachmentHost(this.session);
    const { replica } = this.disposables.add(this.session.open(INDEX_DOCUMENT));
    this.downloads = this.disposables.add(
      new BlobDownload({
        requests: new RoomRequests({ relayUrl, room, tokens, send: this.send }),
        index: this.disposables.add(new WorkspaceIndex(replica.doc, { random: Math.random, nowMs: Date.now })),
        scheduler: systemScheduler,
        onChange: (state) => this.transfers.fire(state),
      }),
    );
    this.proposals = new ProposalDelivery({
      relayUrl,
      room,
      postJson,
      lastToken: () => tokens.grant?.token ?? window.sessionStorage.getItem(TOKEN_KEY + room) ?? undefined,
      readUnsent: () => store.readUnsent(),
      ledger: {
        has: (key) => window.localStorage.getItem(PROPOSAL_KEY + room + key) !== null,
        add: (key) => window.localStorage.setItem(PROPOSAL_KEY + room + key, 'sent'),
      },
    });
  }

  /**
   * Trades the link and opens the room, waiting by `wait` where an owner has to let the person in. A room that this
   * browser keeps opens also when the relay cannot be reached. `isAsked`: a person asks for it, not only the page by
   * itself.
   */
  static async join(
    link: ShareLink,
    name: string,
    { wait, isAsked = true }: { readonly wait?: ApprovalWait; readonly isAsked?: boolean } = {},
  ): Promise<Outcome<BrowserRoom>> {
    const { relayUrl, room, secret } = link;
    const tokenKey = TOKEN_KEY + room;
    const isKept = await isKeptInIndexedDb(room);
    const post = isKept ? withImpatientStart() : postJson;
    const options = {
      relayUrl,
      room,
      secret,
      name,
      postJson: wait?.wrap(post) ?? post,
      scheduler: systemScheduler,
    };
    const tokens = new TabTokens(options, tokenKey);
    const first = await (isAsked ? tokens.join() : tokens.obtain({ isFresh: false }));
    if (first.kind === 'permanent' || (first.kind === 'transient' && !isKept))
      return { ok: false, explanation: first.explanation };
    const store = await openIndexedDbStore(room);
    return { ok: true, value: new BrowserRoom(link, tokens, store) };
  }

  /** Opens what this browser keeps of a room whose link the page does not have: it stays offline. */
  static async openStored(room: string): Promise<BrowserRoom> {
    const link = { relayUrl: window.location.origin, room, secret: '' };
    const tokens = new MissingLink({ ...link, name: '', postJson, scheduler: systemScheduler });
    return new BrowserRoom(link, tokens, await openIndexedDbStore(room));
  }

  /** The person is called `name` from now on. */
  rename(name: string): void {
    this.tokens.rename(name);
    this.session.rename(name);
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

  /** Hands edits that the relay does not have over to the owners, after self was put out of the room. */
  async proposeUnsent(): Promise<Outcome<ProposalReport>> {
    try {
      if (this.tokens instanceof MissingLink) return { ok: true, value: await this.countUnsent() };
      return { ok: true, value: await this.proposals.deliver() };
    } catch (error) {
      return { ok: false, explanation: errorMessage(error) };
    }
  }

  /** Nobody was put out: what is not sent waits. */
  private async countUnsent(): Promise<ProposalReport> {
    const kept = (await this.store.readUnsent()).length;
    const explanation = kept === 0 ? '' : 'They are sent once you have opened the link again.';
    return { proposed: 0, kept, explanation, mayReturn: false };
  }

  /** Files with edits that the relay does not have. */
  async readUnsent(): Promise<Outcome<readonly UnsentText[]>> {
    try {
      return { ok: true, value: readUnsentTexts(await this.store.readUnsent()) };
    } catch (error) {
      return { ok: false, explanation: errorMessage(error) };
    }
  }

  /** The content of a file that is no text. */
  fetchContent(
    fileId: string,
    maxBytes?: number,
  ): Promise<Outcome<{ readonly file: SharedFile; readonly bytes: Uint8Array<ArrayBuffer> }>> {
    return this.downloads.fetch(fileId, maxBytes);
  }

  /** That of a small one, to be shown. */
  async readContent(fileId: string, maxBytes = MAX_SHOWN_BYTES): Promise<Outcome<Uint8Array<ArrayBuffer>>> {
    const content = await this.fetchContent(fileId, maxBytes);
    return content.ok ? { ok: true, value: content.value.bytes } : content;
  }

  /** Leaves the room; resolves when everything is stored. */
  async leave(): Promise<void> {
    this.attachments.dispose();
    this.disposables.dispose();
    await this.session.whenDelivered(DELIVERY_ON_LEAVING_MS);
    await this.session.leave();
    await this.store.close();
  }
}

/** Waits for the first answer less long than for others. */
function withImpatientStart(): PostJson {
  let isFirst = true;
  return (...request) => {
    const post = isFirst ? postJsonWithin(FIRST_ANSWER_MS) : postJson;
    isFirst = false;
    return post(...request);
  };
}

/** Keeps the last token for the tab, so that a reload is no new person to the relay. */
class TabTokens extends LinkTokenSource {
  private readonly key: string;

  constructor(options: LinkTokenSourceOptions, key: string) {
    super(options, window.sessionStorage.getItem(key) ?? undefined);
    this.key = key;
  }

  private keep(token: string): void {
    try {
      window.sessionStorage.setItem(this.key, token);
    } catch {
      // Where nothing is kept, the tab comes back as somebody new.
    }
  }

  override async obtain(request: { readonly isFresh: boolean }): Promise<TokenResult> {
    const before = this.grant?.token;
    const result = await super.obtain(request);
    if (result.kind === 'granted' && result.granted.token !== before) {
      this.keep(result.granted.token);
    }
    return result;
  }
}

/** Never asks the relay. */
class MissingLink extends LinkTokenSource {
  override async obtain(): Promise<TokenResult> {
    const explanation =
      'This is what this browser keeps of the room, whose link this page does not have. Open the link again to be with the others, and to edit.';
    return { kind: 'permanent', explanation, isFinal: true };
  }
}
