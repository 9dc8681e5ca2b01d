import type { SessionKey } from '../log/update-log.ts';
import { SessionProgress } from './session-progress.ts';
import type { Subscription } from './subscription.ts';

interface Entry {
  readonly subject: string;
  subscriptions: number;
  /** Undefined until the log was asked. */
  progress: SessionProgress<Subscription> | undefined;
}

/** What one document has taken of the sessions that have it open, or still wait for the log. */
export class DocumentSessions {
  /**
   * By session id, and by subject within it in the rare case that several share one: keys that need no making, since
   * each update asks for them.
   */
  private readonly entries = new Map<string, Entry | Map<string, Entry>>();

  enter(session: SessionKey): void {
    this.entryOf(session).subscriptions++;
  }

  /** Ends what {@link DocumentSessions.enter} began. */
  leave(session: SessionKey): void {
    this.entryOf(session).subscriptions--;
    this.prune(session);
  }

  /** Forgets the session when nobody needs it any more. Call it when an update of it has ended. */
  prune(session: SessionKey): void {
    const { subject, sessionId } = session;
    const entry = this.find(session);
    if (!entry || entry.subscriptions > 0 || entry.progress?.hasPending) return;
    const ofSession = this.entries.get(sessionId);
    if (ofSession instanceof Map) ofSession.delete(subject);
    if (!(ofSession instanceof Map) || ofSession.size === 0) this.entries.delete(sessionId);
  }

  /** Makes a session known; `readLast` asks the log what it has of it. */
  async meet(
    session: SessionKey,
    readLast: () => Promise<{ readonly clientSeq: number; readonly seq: number } | undefined>,
  ): Promise<void> {
    if (this.find(session)?.progress) return;
    const last = await readLast();
    const entry = this.find(session);
    // It may have left meanwhile.
    if (entry) entry.progress ??= new SessionProgress(last);
  }

  progressOf(session: SessionKey): SessionProgress<Subscription> {
    return (this.entryOf(session).progress ??= new SessionProgress<Subscription>(undefined));
  }

  /** The log has lost what it had taken. */
  forgetCommitted(): void {
    for (const ofSession of this.entries.values()) {
      const entries = ofSession instanceof Map ? ofSession.values() : [ofSession];
      for (const { progress } of entries) progress?.forgetCommitted();
    }
  }

  private find({ subject, sessionId }: SessionKey): Entry | undefined {
    const ofSession = this.entries.get(sessionId);
    if (ofSession instanceof Map) return ofSession.get(subject);
    return ofSession?.subject === subject ? ofSession : undefined;
  }

  private entryOf(session: SessionKey): Entry {
    const known = this.find(session);
    if (known) return known;
    const { subject, sessionId } = session;
    const entry: Entry = { subject, subscriptions: 0, progress: undefined };
    const others = this.entries.get(sessionId);
    if (others instanceof Map) others.set(subject, entry);
    else if (others) {
      const both = new Map([
        [others.subject, others],
        [subject, entry],
      ]);
      this.entries.set(sessionId, both);
    } else this.entries.set(sessionId, entry);
    return entry;
  }
}
