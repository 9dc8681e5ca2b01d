import { type Disposable, DisposableStore, Emitter } from '../../../shared/lifecycle/index.ts';
import type { AttachedDocument } from '../../../shared/sync/attachment/index.ts';
import type { SelfIdentity } from '../../../shared/sync/index.ts';
import {
  CHAT_DOCUMENT,
  ChatLog,
  COMMENTS_DOCUMENT,
  CommentThreads,
  createFileId,
  isTalkText,
  MAX_TALK_CHARACTERS,
  type TalkEntry,
} from '../../../shared/workspace/index.ts';
import type { CommentPlace } from '../editor/index.ts';
import type { Answer } from '../ui/outcome.ts';
import type { AuthorView, EntryView, TalkDelivery } from '../ui/talk-model.ts';
import type { OpenRoom } from './open-room.ts';
import { type OwnIdentity, rememberedIdentity, rememberIdentity } from './own-identity.ts';
import { absentColor, colorsInRoom } from './participant-colors.ts';
import { explainTalkLock } from './talk-lock.ts';

const UNKNOWN_SELF = 'You can write here once the relay has been reached for the first time.';
const NOBODY = 'Somebody';

/** One document in which people talk. */
export interface TalkDocument {
  /** Why self cannot write; undefined when self can. */
  readonly lockReason: string | undefined;
  /** Whether the relay keeps the document from self. */
  readonly isClosed: boolean;
  readonly delivery: TalkDelivery;
}

/** The chat and the comments of an open room, and who writes there. */
export class RoomTalk implements Disposable {
  readonly room: OpenRoom;
  readonly chat: ChatLog;
  readonly comments: CommentThreads;
  private readonly disposables = new DisposableStore();
  private readonly chatDocument: AttachedDocument;
  private readonly commentsDocument: AttachedDocument;
  private readonly peopleChanged = this.disposables.add(new Emitter<void>());
  private readonly statusChanged = this.disposables.add(new Emitter<void>());
  private readonly placesChanged = this.disposables.add(new Emitter<void>());
  private readonly placesInEditors = new Map<object, ReadonlyMap<string, CommentPlace>>();
  private identity: OwnIdentity | undefined;
  private lastSelf: SelfIdentity | undefined;
  private people = new Map<string, AuthorView>();
  private peopleKey = '';

  /** Fires when a name or colour of somebody has changed. */
  readonly onDidChangePeople = this.peopleChanged.event;
  /** Fires when what {@link chatStatus} and {@link commentsStatus} tell may have changed. */
  readonly onDidChangeStatus = this.statusChanged.event;
  /** Fires when threads are at other lines than before. */
  readonly onDidChangePlaces = this.placesChanged.event;

  constructor(room: OpenRoom) {
    this.room = room;
    const { session } = room;
    this.chatDocument = this.disposables.add(session.open(CHAT_DOCUMENT));
    this.commentsDocument = this.disposables.add(session.open(COMMENTS_DOCUMENT));
    this.chat = this.disposables.add(new ChatLog(this.chatDocument.doc));
    const ids = { random: Math.random, nowMs: Date.now };
    this.comments = this.disposables.add(new CommentThreads(this.commentsDocument.doc, ids));
    this.identity = rememberedIdentity(room.status.room);
    const fireStatus = () => this.statusChanged.fire();
    this.disposables.add(this.chatDocument.onDidChangeStatus(fireStatus));
    this.disposables.add(this.commentsDocument.onDidChangeStatus(fireStatus));
    this.disposables.add(session.onDidChangeState(fireStatus));
    this.disposables.add(session.onDidChangeSelf(() => this.noticeSelf()));
    this.disposables.add(session.onDidChangeParticipants(() => this.noticePeople()));
    this.noticeSelf();
  }

  get chatStatus(): TalkDocument {
    return this.statusOf(this.chatDocument);
  }

  get commentsStatus(): TalkDocument {
    return this.statusOf(this.commentsDocument);
  }

  /** Where a thread is; known while an editor shows its file. */
  placeOf(threadId: string): CommentPlace | undefined {
    for (const places of this.placesInEditors.values()) {
      const place = places.get(threadId);
      if (place) return place;
    }
    return undefined;
  }

  /** Tells where the threads are in one editor; undefined when it does not show them any more. */
  setPlaces(owner: object, places: ReadonlyMap<string, CommentPlace> | undefined): void {
    if (places) this.placesInEditors.set(owner, places);
    else this.placesInEditors.delete(owner);
    this.placesChanged.fire();
  }

  /** Makes an entry of self's to be put into a document; refused with what to tell the person. */
  createEntry({ lockReason }: TalkDocument, text: string): Answer<TalkEntry> {
    if (lockReason !== undefined) return { ok: false, explanation: lockReason };
    if (!this.identity) return { ok: false, explanation: UNKNOWN_SELF };
    const trimmed = text.trimEnd();
    if (!isTalkText(trimmed)) {
      return {
        ok: false,
        explanation:
          trimmed.trim() === ''
            ? 'There is nothing to send yet.'
            : `At most ${MAX_TALK_CHARACTERS} characters can be sent at once; these are ${trimmed.length}.`,
      };
    }
    const { subject, name } = this.identity;
    const id = createFileId(Date.now(), Math.random);
    return { ok: true, value: { id, text: trimmed, atMs: Date.now(), claimedSubject: subject, claimedName: name } };
  }

  /** As people see an entry. */
  describe({ id, text, atMs, claimedSubject, claimedName }: TalkEntry): EntryView {
    const author = this.people.get(claimedSubject) ?? {
      subject: claimedSubject,
      name: claimedName === '' ? NOBODY : claimedName,
      colorIndex: absentColor({ subject: claimedSubject, name: claimedName }),
      isSelf: claimedSubject === this.identity?.subject,
    };
    return { id, text, atMs, author };
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private statusOf(document: AttachedDocument): TalkDocument {
    const lockReason = explainTalkLock(this.room, document, this.room.session.self ?? this.lastSelf);
    return {
      lockReason: lockReason ?? (this.identity ? undefined : UNKNOWN_SELF),
      isClosed: document.access === 'none',
      delivery: this.deliveryOf(document),
    };
  }

  private deliveryOf({ saveState }: AttachedDocument): TalkDelivery {
    if (saveState.kind === 'refused') return saveState;
    const isWaiting = saveState.kind === 'on-this-device' || saveState.kind === 'saving';
    // While there is a connection it is a matter of a moment.
    return isWaiting && this.room.session.state.kind !== 'online' ? { kind: 'waiting' } : { kind: 'delivered' };
  }

  private noticeSelf(): void {
    const { self } = this.room.session;
    if (self) {
      this.lastSelf = self;
      this.identity = { subject: self.subject, name: self.name };
      rememberIdentity(this.room.status.room, this.identity);
    }
    this.noticePeople();
    this.statusChanged.fire();
  }

  private noticePeople(): void {
    const { self, participants } = this.room.session;
    const colors = colorsInRoom(this.room);
    const people = new Map<string, AuthorView>();
    for (const { presenceId, subject, name } of [...participants.values(), ...(self ? [self] : [])]) {
      const colorIndex = colors.get(presenceId) ?? 0;
      people.set(subject, { subject, name, colorIndex, isSelf: subject === this.identity?.subject });
    }
    const key = JSON.stringify([this.identity?.subject, ...people.values()]);
    if (key === this.peopleKey) return;
    this.people = people;
    this.peopleKey = key;
    this.peopleChanged.fire();
  }
}
