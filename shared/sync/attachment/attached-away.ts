import { type Disposable, Emitter } from '../../lifecycle/index.ts';
import type { AwayAction, AwaySummary, AwayTexts } from '../away/away-summary.ts';
import type { AwayEngineMessage, AwayWindowMessage } from './away-messages.ts';

const NO_ENGINE = 'This window lost the rest of Tutti. Try again once it is back.';

type TextsAnswer =
  | { readonly ok: true; readonly value: AwayTexts }
  | { readonly ok: false; readonly explanation: string };
type Pending = (answer: TextsAnswer | { readonly ok: true; readonly value: undefined }) => void;

/** What a window knows of what happened while this device was away, and what it can do about it. */
export class AttachedAway implements Disposable {
  private readonly changed = new Emitter<void>();
  private readonly pending = new Map<number, Pending>();
  private readonly post: (message: AwayWindowMessage) => boolean;
  private current: AwaySummary | undefined;
  private lastRequestId = 0;

  readonly onDidChange = this.changed.event;

  /** `post` gives false when there is no engine. */
  constructor(post: (message: AwayWindowMessage) => boolean) {
    this.post = post;
  }

  /** Undefined when nothing is left to be told. */
  get summary(): AwaySummary | undefined {
    return this.current;
  }

  /** Never rejects; a refusal explains itself to the person. */
  async readTexts(fileId: string): Promise<TextsAnswer> {
    const answer = await this.ask((requestId) => ({ type: 'away-read', requestId, fileId }));
    if (!answer.ok || answer.value !== undefined) return answer;
    return { ok: false, explanation: NO_ENGINE };
  }

  /** Gives why it could not be done; undefined when it was. Never rejects. */
  async act(fileId: string, action: AwayAction): Promise<string | undefined> {
    const answer = await this.ask((requestId) => ({ type: 'away-act', requestId, fileId, action }));
    return answer.ok ? undefined : answer.explanation;
  }

  lookedAt(fileIds: readonly string[]): void {
    this.post({ type: 'away-looked', fileIds });
  }

  keep(fileIds: readonly string[]): void {
    this.post({ type: 'away-keep', fileIds });
  }

  receive(message: AwayEngineMessage): void {
    if (message.type === 'away') {
      this.current = message.summary;
      this.changed.fire();
      return;
    }
    const settle = this.pending.get(message.requestId);
    this.pending.delete(message.requestId);
    if (message.type === 'away-texts') settle?.({ ok: true, value: message.texts });
    else if (message.explanation === undefined) settle?.({ ok: true, value: undefined });
    else settle?.({ ok: false, explanation: message.explanation });
  }

  /** The engine is gone. */
  detach(): void {
    for (const settle of this.pending.values()) settle({ ok: false, explanation: NO_ENGINE });
    this.pending.clear();
  }

  private ask(create: (requestId: number) => AwayWindowMessage): Promise<Parameters<Pending>[0]> {
    const requestId = ++this.lastRequestId;
    return new Promise((resolve) => {
      this.pending.set(requestId, resolve);
      if (!this.post(create(requestId))) this.detach();
    });
  }

  dispose(): void {
    this.detach();
    this.changed.dispose();
  }
}
