import { type Disposable, DisposableStore } from '../../lifecycle/index.ts';
import type { SessionAway } from '../away/session-away.ts';
import type { AwayEngineMessage, AwayWindowMessage } from './away-messages.ts';

/** Tells one window what happened while this device was away, and does what it asks. */
export class EngineAway implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly away: SessionAway;
  private readonly post: (message: AwayEngineMessage) => void;
  private isPosting = false;

  constructor(away: SessionAway, post: (message: AwayEngineMessage) => void) {
    this.away = away;
    this.post = post;
    this.disposables.add(away.onDidChange(() => this.postSoon()));
    if (away.summary) this.postSoon();
  }

  receive(message: AwayWindowMessage): void {
    switch (message.type) {
      case 'away-read':
        return void this.read(message.requestId, message.fileId);
      case 'away-act':
        return void this.act(message);
      case 'away-looked':
        return this.away.lookedAt(message.fileIds);
      case 'away-keep':
        return this.away.keep(message.fileIds);
    }
  }

  dispose(): void {
    this.disposables.dispose();
  }

  // Hundreds of files change it at once.
  private postSoon(): void {
    if (this.isPosting) return;
    this.isPosting = true;
    void Promise.resolve().then(() => {
      this.isPosting = false;
      this.answer({ type: 'away', summary: this.away.summary });
    });
  }

  private async read(requestId: number, fileId: string): Promise<void> {
    const answer = await this.away.readTexts(fileId);
    if (answer.ok) this.answer({ type: 'away-texts', requestId, texts: answer.value });
    else this.answer({ type: 'away-done', requestId, explanation: answer.explanation });
  }

  private async act({ requestId, fileId, action }: Extract<AwayWindowMessage, { type: 'away-act' }>): Promise<void> {
    this.answer({ type: 'away-done', requestId, explanation: await this.away.act(fileId, action) });
  }

  private answer(message: AwayEngineMessage): void {
    if (!this.disposables.isDisposed) this.post(message);
  }
}
