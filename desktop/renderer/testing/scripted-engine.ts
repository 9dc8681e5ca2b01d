import { onTestFinished } from 'vitest';
import * as Y from 'yjs';
import { createAttachmentPair } from '../../../shared/testing/attachment-pair.ts';
import {
  type DocumentStatus,
  type EngineMessage,
  readWindowMessage,
} from '../../../shared/sync/attachment/attachment-messages.ts';
import type { AttachmentPort } from '../../../shared/sync/attachment/index.ts';
import type {
  AwaySummary,
  ConnectionState,
  Participant,
  SelfIdentity,
  SyncHealth,
} from '../../../shared/sync/index.ts';

interface EngineConnection {
  readonly state: ConnectionState;
  readonly health: SyncHealth;
  /** Now, by the engine's time. */
  readonly atMs: number;
}

const STATUS: DocumentStatus = {
  access: 'write',
  isRestricted: false,
  saveState: { kind: 'on-the-relay' },
  isSynced: true,
  wasSynced: true,
  isKnown: true,
};

/** An engine that the test speaks for, on the other end of a window's port. It is taken down when the test finishes. */
export class ScriptedEngine {
  readonly windowPort: AttachmentPort;
  /** Files of which the window has said that they were looked at after an absence. */
  readonly lookedAt: string[] = [];
  private readonly port: AttachmentPort;
  private readonly docs = new Map<string, Y.Doc>();
  private readonly opened = new Set<string>();
  private readonly statuses = new Map<string, DocumentStatus>();

  constructor() {
    const { window: windowPort, engine } = createAttachmentPair();
    this.windowPort = windowPort;
    this.port = engine;
    const subscription = engine.onMessage((message) => this.receive(message));
    const health = { kind: 'behind', sinceMs: 0, cause: 'no-connection' } as const;
    const state = { kind: 'connecting', sinceMs: 0 } as const;
    this.post({ type: 'attached', state, health, atMs: 0, self: undefined, participants: [] });
    onTestFinished(() => {
      subscription.dispose();
      engine.dispose();
      for (const doc of this.docs.values()) doc.destroy();
    });
  }

  /** The engine's copy of a document; what is changed in it goes to the window. */
  doc(name: string): Y.Doc {
    const known = this.docs.get(name);
    if (known) return known;
    const doc = new Y.Doc();
    this.docs.set(name, doc);
    doc.on('update', (payload: Uint8Array, origin: unknown) => {
      if (origin !== this && this.opened.has(name)) this.post({ type: 'update', document: name, payload });
    });
    return doc;
  }

  /** Says who self is; undefined when there is no connection. */
  setSelf(self: Partial<SelfIdentity> | undefined): void {
    const base = {
      presenceId: 1,
      connectionId: 'c',
      subject: 'ana',
      name: 'Ana',
      role: 'editor',
      chat: 'commenters',
    } as const;
    const rest = { presenter: undefined, accessVersion: 0, accessExplanation: '' };
    const writesAs = self?.writesAs ?? self?.role ?? base.role;
    this.post({ type: 'self', self: self && { ...base, ...rest, writesAs, ...self } });
    const sinceMs = 0;
    this.setConnection(
      self
        ? { state: { kind: 'online', sinceMs }, health: { kind: 'in-step' }, atMs: 0 }
        : {
            state: { kind: 'reconnecting', sinceMs, nextTryAtMs: 1, attempt: 1, explanation: 'gone' },
            health: { kind: 'behind', sinceMs, cause: 'no-connection' },
            atMs: 0,
          },
    );
  }

  /** Says how the engine is connected. */
  setConnection({ state, health, atMs }: EngineConnection): void {
    this.post({ type: 'health', health, atMs });
    this.post({ type: 'state', state, atMs });
  }

  /** Says what happened while the device was away. */
  postAway(summary: AwaySummary | undefined): void {
    this.post({ type: 'away', summary });
  }

  setParticipants(changed: readonly Participant[], gone: readonly number[] = []): void {
    this.post({ type: 'participants', changed, gone });
  }

  setStatus(name: string, part: Partial<DocumentStatus>): void {
    const status = { ...STATUS, ...this.statuses.get(name), ...part };
    this.statuses.set(name, status);
    if (this.opened.has(name)) this.post({ type: 'status', document: name, status });
  }

  private receive(value: unknown): void {
    const message = readWindowMessage(value);
    if (message?.type === 'open') {
      const { document, stateVector } = message;
      const doc = this.doc(document);
      this.opened.add(document);
      this.post({
        type: 'opened',
        document,
        stateVector: Y.encodeStateVector(doc),
        payload: Y.encodeStateAsUpdate(doc, stateVector),
        beginning: { session: 'scripted', count: 0 },
        status: this.statuses.get(document) ?? STATUS,
      });
    } else if (message?.type === 'update') {
      Y.applyUpdate(this.doc(message.document), message.payload, this);
    } else if (message?.type === 'away-looked') {
      this.lookedAt.push(...message.fileIds);
    } else if (message?.type === 'close') {
      this.opened.delete(message.document);
    }
  }

  private post(message: EngineMessage): void {
    this.port.post(message);
  }
}
