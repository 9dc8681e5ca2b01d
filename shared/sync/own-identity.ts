import {
  type ChatPolicy,
  DEFAULT_ROOM_SETTINGS,
  type DocumentAccess,
  documentAccess,
  type Role,
} from '../access/index.ts';
import { type Disposable, Emitter } from '../lifecycle/index.ts';
import { ACCESS_FEATURE, type RelayMessage } from '../protocol/index.ts';
import type { Welcome } from './relay-connection.ts';

/** Who we are in the room, as the relay vouches for us. */
export interface SelfIdentity {
  readonly presenceId: number;
  readonly connectionId: string;
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  /** Counts for documents: less than `role` while somebody else presents. */
  readonly writesAs: Role;
  readonly chat: ChatPolicy;
  /** Subject of the one who writes while somebody presents. */
  readonly presenter: string | undefined;
  /** Rises with every change of links, people, requests and settings; owners ask the relay for them again. */
  readonly accessVersion: number;
  /** Why somebody may do less or more than their link says, for them; empty when they may not. */
  readonly accessExplanation: string;
}

/** Keeps who we are and what we may do, as the relay said last. */
export class OwnIdentity implements Disposable {
  private readonly changed = new Emitter<SelfIdentity | undefined>();
  private readonly onAccess: () => void;
  private current: SelfIdentity | undefined;
  private hearsAccess = false;
  /** That of the next token. */
  private nextName: string | undefined;

  readonly onDidChange = this.changed.event;

  /** `onAccess` is called when what we may do has changed on the connection that we have. */
  constructor(onAccess: () => void) {
    this.onAccess = onAccess;
  }

  /** Undefined while there is no connection. */
  get value(): SelfIdentity | undefined {
    return this.current;
  }

  connected({ presenceId, connectionId, subject, name, role, features }: Welcome): void {
    this.hearsAccess = features.includes(ACCESS_FEATURE);
    const { chat } = DEFAULT_ROOM_SETTINGS;
    const access = { role, writesAs: role, chat, presenter: undefined, accessVersion: 0, accessExplanation: '' };
    this.current = { presenceId, connectionId, subject, name, ...access };
    this.changed.fire(this.current);
  }

  disconnected(): void {
    this.current = undefined;
    this.changed.fire(undefined);
  }

  receive(message: Extract<RelayMessage, { type: 'renewed' | 'access' }>): void {
    if (message.type === 'renewed') {
      if (this.nextName !== undefined) this.change({ name: this.nextName });
      this.nextName = undefined;
      // A relay that tells of access does so by itself.
      if (!this.hearsAccess) this.change({ role: message.role, writesAs: message.role });
      return;
    }
    const { role, writesAs, chat, presenter, version: accessVersion, explanation: accessExplanation } = message;
    this.change({ role, writesAs, chat, presenter, accessVersion, accessExplanation });
  }

  /** We are called `name` as soon as the relay has taken the token that says so. */
  rename(name: string): void {
    this.nextName = name;
  }

  accessTo(document: string): DocumentAccess {
    return this.current ? documentAccess(this.current.writesAs, document, this.current.chat) : 'read';
  }

  dispose(): void {
    this.changed.dispose();
  }

  private change(access: Partial<SelfIdentity>): void {
    if (!this.current) return;
    this.current = { ...this.current, ...access };
    this.changed.fire(this.current);
    this.onAccess();
  }
}
