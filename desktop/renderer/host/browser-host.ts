import { parseShareLink, type ShareLink } from '../../../shared/access/index.ts';
import { Emitter, MutableDisposable, systemScheduler } from '../../../shared/lifecycle/index.ts';
import { ApprovalWait } from '../../../shared/sync/index.ts';
import type { RoomAdministration } from '../../../shared/sync/administration/index.ts';
import type { AttachmentPort } from '../../../shared/sync/attachment/index.ts';
import type { EventChannel, EventChannels, InvokeChannel, InvokeChannels, Outcome, TuttiApi } from '../../ipc/index.ts';
import { isKeptInIndexedDb } from '../session/indexeddb-rooms.ts';
import { MAX_COPIED_BYTES } from '../session/room-archive.ts';
import { BrowserRoom } from './browser-room.ts';
import { answerStorage, type PageRoom } from './browser-storage.ts';
import { NO_FOLDERS } from './no-folders.ts';
import { PageLink } from './page-link.ts';
import { downloadFile } from './save-file.ts';
import { platformOf } from './platform.ts';
import type { WorkbenchHost } from './workbench-host.ts';

const NAME_KEY = 'tutti.name';
const JOINED_KEY = 'tutti.joined';
const DESKTOP_ONLY = 'A browser cannot do that. Open the link in the Tutti app instead.';

type Answers = {
  readonly [C in InvokeChannel]: (request: InvokeChannels[C]['request']) => Promise<InvokeChannels[C]['response']>;
};

/** The host of a guest's page: the engine runs in the page, and the room is the one in the page's address. */
export function createBrowserHost(): WorkbenchHost {
  const host = new BrowserHost();
  // Another link that is put into the address of the same room does not load the page again.
  window.addEventListener('hashchange', () => host.meetAddress());
  const api: TuttiApi = {
    invoke: (channel, request) => host.answers[channel](request),
    on: (channel, listener) => {
      const subscription = host.events[channel].event(listener);
      return () => subscription.dispose();
    },
  };
  return { kind: 'browser', api, onSessionPort: host.sessionPort.event, shareLink: () => host.shareLink };
}

class BrowserHost {
  readonly sessionPort = new Emitter<AttachmentPort>();
  readonly events: { readonly [C in EventChannel]: Emitter<EventChannels[C]> } = {
    'workspace:status': new Emitter(),
    'workspace:recent-folders': new Emitter(),
    problem: new Emitter(),
    'mirror:state': new Emitter(),
    'blob:transfers': new Emitter(),
    'history:posted': new Emitter(),
    command: new Emitter(),
    'join-requested': new Emitter(),
    'join-waiting': new Emitter(),
  };
  private readonly approvalWait = new MutableDisposable<ApprovalWait>();
  private readonly transfers = new MutableDisposable();
  private readonly pageLink = new PageLink();
  private current: BrowserRoom | undefined;
  private currentLink: ShareLink | undefined;

  /** The link by which the page is in the room that is open. */
  get shareLink(): ShareLink | undefined {
    return this.current && this.currentLink;
  }

  readonly answers: Answers = {
    'window:ready': async () => {
      const link = this.pageLink.read();
      const parsed = parseShareLink(link ?? '');
      const personName = window.localStorage.getItem(NAME_KEY) ?? '';
      const wasHere = parsed.ok && window.sessionStorage.getItem(JOINED_KEY) === parsed.link.room;
      if (link !== undefined && wasHere && personName !== '') {
        const joined = await this.join(link, personName, false);
        if (joined.ok) return this.start(personName, undefined);
      }
      const kept = this.pageLink.roomWithoutLink;
      if (kept !== undefined && (await isKeptInIndexedDb(kept))) {
        this.show(await BrowserRoom.openStored(kept));
        return this.start(personName, undefined);
      }
      return this.start(personName, link);
    },
    'room:join': async ({ link, name }) => this.join(link, name, true),
    'room:leave': async () => {
      await this.leave();
      this.events['workspace:status'].fire({ kind: 'none' });
      return { ok: true, value: true };
    },
    'room:cancel-join': async () => {
      this.approvalWait.value = undefined;
      return { ok: true, value: true };
    },
    'access:create-link': (link) => this.inRoom(({ links }) => links.create(link)),
    'access:list-links': () => this.inRoom(({ links }) => links.list()),
    'access:read-link': ({ linkId }) => this.inRoom(async ({ links }) => links.read(linkId)),
    'access:revoke': (revocation) => this.asOwner((owner) => owner.revoke(revocation)),
    'access:list-people': ({ after }) => this.asOwner((owner) => owner.listPeople(after)),
    'access:set-role': ({ subject, role }) => this.asOwner((owner) => owner.setRole(subject, role)),
    'access:read-settings': () => this.asOwner((owner) => owner.readSettings()),
    'access:write-settings': (settings) => this.asOwner((owner) => owner.writeSettings(settings)),
    'access:list-join-requests': () => this.asOwner((owner) => owner.listJoinRequests()),
    'access:decide-join-request': ({ requestId, decision }) =>
      this.asOwner((owner) => owner.decideJoinRequest(requestId, decision)),
    'access:list-audit': ({ beforeSeq, limit }) =>
      this.asOwner((owner) => owner.listAudit(beforeSeq === undefined ? { limit } : { beforeSeq, limit })),
    'access:export-audit': () => this.asOwner((owner) => owner.exportAudit()),
    'access:list-proposals': () => this.asOwner((owner) => owner.listProposals()),
    'access:read-proposal': ({ proposalId }) => this.asOwner((owner) => owner.readProposal(proposalId)),
    'access:settle-proposal': ({ proposalId, state }) =>
      this.asOwner((owner) => owner.settleProposal(proposalId, state)),
    'history:list-events': (page) => this.inRoom(({ history }) => history.listLabels(page)),
    'history:list-event-documents': ({ seq }) => this.inRoom(({ history }) => history.listDocuments(seq)),
    'blob:read': ({ fileId }) => this.inRoom((room) => room.readContent(fileId)),
    'blob:read-whole': ({ fileId }) => this.inRoom((room) => room.readContent(fileId, MAX_COPIED_BYTES)),
    'blob:save-copy': ({ fileId }) =>
      this.inRoom(async (room) => {
        const content = await room.fetchContent(fileId);
        if (!content.ok) return content;
        const { file, bytes } = content.value;
        downloadFile(file.path.slice(file.path.lastIndexOf('/') + 1), bytes);
        return { ok: true, value: true };
      }),
    'edits:propose': () => this.inRoom((room) => room.proposeUnsent()),
    'edits:read-unsent': () => this.inRoom((room) => room.readUnsent()),
    'file:save': async ({ suggestedName, content }) => {
      downloadFile(suggestedName, content);
      return { ok: true, value: true };
    },
    'settings:person-name': async ({ name }) => {
      window.localStorage.setItem(NAME_KEY, name);
      this.current?.rename(name);
      return { ok: true, value: true };
    },
    'clipboard:write': async ({ text }) => {
      try {
        await navigator.clipboard.writeText(text);
        return { ok: true, value: true };
      } catch (error) {
        return { ok: false, explanation: `The browser does not let this page copy: ${String(error)}` };
      }
    },
    'folder:choose': async () => ({ ok: false, explanation: DESKTOP_ONLY }),
    'room:open-untitled': async () => ({ ok: false, explanation: DESKTOP_ONLY }),
    'folder:open-recent': async () => ({ ok: false, explanation: DESKTOP_ONLY }),
    'folder:reveal': async () => ({ ok: false, explanation: DESKTOP_ONLY }),
    'problem:dismiss': async () => ({ ok: true, value: false }),
    ...answerStorage(this.pageRoom()),
    ...NO_FOLDERS,
    'mirror:retry': async () => ({ ok: true, value: false }),
  };

  private pageRoom(): PageRoom {
    const readRoom = () => this.current?.room;
    return {
      get room() {
        return readRoom();
      },
      leave: async () => {
        await this.leave();
        this.events['workspace:status'].fire({ kind: 'none' });
      },
      openStored: async (room) => {
        const link = this.pageLink.find(room);
        const name = window.localStorage.getItem(NAME_KEY) ?? '';
        if (link !== undefined && name !== '' && (await this.join(link, name, true)).ok)
          return { ok: true, value: true };
        await this.leave();
        this.currentLink = undefined;
        this.show(await BrowserRoom.openStored(room));
        return { ok: true, value: true };
      },
    };
  }

  /** Asks about the link that was put into the page's address meanwhile. */
  meetAddress(): void {
    const link = this.pageLink.read();
    const parsed = parseShareLink(link ?? '');
    if (link === undefined || !parsed.ok) return;
    const own = this.shareLink;
    const isOwn = own?.room === parsed.link.room && own.secret === parsed.link.secret;
    if (isOwn) this.pageLink.hide(own);
    else this.events['join-requested'].fire({ link });
  }

  private start(personName: string, joinLink: string | undefined): InvokeChannels['window:ready']['response'] {
    const status = this.current
      ? ({ kind: 'open', room: this.current.room, folderPath: undefined, isOwner: this.current.isOwner } as const)
      : ({ kind: 'none' } as const);
    return { status, personName, recentFolders: [], platform: platformOf(navigator.userAgent), joinLink };
  }

  private async join(value: string, name: string, isAsked: boolean): Promise<Outcome<boolean>> {
    const parsed = parseShareLink(value);
    if (!parsed.ok) return parsed;
    const { relayUrl, room } = parsed.link;
    if (relayUrl !== window.location.origin) {
      return {
        ok: false,
        explanation: `This page belongs to another relay. Open the link itself: ${relayUrl}/join/${room}`,
      };
    }
    await this.leave();
    const wait = new ApprovalWait(systemScheduler, (message) => this.events['join-waiting'].fire({ message }));
    this.approvalWait.value = wait;
    const joined = await BrowserRoom.join(parsed.link, name, { wait, isAsked });
    if (!joined.ok) return joined;
    this.currentLink = parsed.link;
    window.localStorage.setItem(NAME_KEY, name);
    window.sessionStorage.setItem(JOINED_KEY, room);
    this.pageLink.hide(parsed.link);
    this.show(joined.value);
    return { ok: true, value: true };
  }

  private show(opened: BrowserRoom): void {
    const { room, isOwner } = opened;
    this.current = opened;
    this.transfers.value = opened.onDidChangeTransfers((state) => this.events['blob:transfers'].fire({ room, state }));
    this.events['workspace:status'].fire({ kind: 'open', room, folderPath: undefined, isOwner });
    this.sessionPort.fire(opened.attach());
  }

  private async inRoom<T>(ask: (room: BrowserRoom) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    return this.current ? ask(this.current) : { ok: false, explanation: 'No room is open.' };
  }

  private asOwner<T>(ask: (owner: RoomAdministration) => Promise<Outcome<T>>): Promise<Outcome<T>> {
    return this.inRoom(({ administration }) => ask(administration));
  }

  private async leave(): Promise<void> {
    const room = this.current;
    this.current = undefined;
    this.transfers.value = undefined;
    window.sessionStorage.removeItem(JOINED_KEY);
    await room?.leave();
  }
}
