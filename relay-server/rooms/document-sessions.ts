import type { SessionKey } from '../log/update-log.ts';
import { SessionProgress } from './session-progress.ts';
import type { Subscription } from './subscription.ts';

interface Entry {
  subscriptions: number;
  /** Undefined until the log was asked. */
  progress: SessionProgress<Subscription> | undefined;
}

/** What one document has taken of the sessions that have it open, or still wait for the log. */
export class DocumentSessions {
  private readonly entries = new Map<string, Entry>();

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
    const entry = this.entries.get(nameOf(session));
    if (entry && entry.subscriptions <= 0 && !entry.progress?.hasPending) this.entries.delete(nameOf(session));
  }

  /** Makes a session known; `readLast` asks the log what it has of it. */
  async meet(
    session: SessionKey,
    readLast: () => Promise<{ readonly clientSeq: number; readonly seq: number } | undefined>,
  ): Promise<void> {
    if (this.entries.get(nameOf(session))?.progress) return;
    const last = await readLast();
    const entry = this.entries.get(nameOf(session));
    // It may have left meanwhile.
    if (entry) entry.progress ??= new SessionProgress(last);
  }

  progressOf(session: SessionKey): SessionProgress<Subscription> {
    return (this.entryOf(session).progress ??= new SessionProgress<Subscription>(undefined));
  }

  /** The log has lost what it had taken. */
  forgetCommitted(): void {
    for (const { progress } of this.entries.values()) progress?.forgetCommitted();
  }

  private entryOf(session: SessionKey): Entry {
    const name = nameOf(session);
    const entry = this.entries.get(name) ?? { subscriptions: 0, progress: undefined };
    this.entries.set(name, entry);
    return entry;
  }
}

function nameOf({ subject, sessionId }: SessionKey): string {
  return `${sessionId} ${subject}`;
}
