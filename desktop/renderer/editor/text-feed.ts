import * as Y from 'yjs';
import { type Disposable, reportUnexpectedError, toDisposable } from '../../../shared/lifecycle/index.ts';
import { shownBy } from '../../../shared/workspace/index.ts';
import type { DeltaStep, TextDelta } from './text-delta.ts';

/** A replica of a `Y.Text` that follows its changes. Changes written with the follower as origin are not sent back to it. */
export interface TextFollower {
  /** A change that the text has made already; nothing but bookkeeping may happen here. */
  receive(delta: TextDelta): void;
  /** All changes so far have been received: act on them. */
  settle(): void;
  /** The replica cannot follow by deltas any more and has to take the whole text. */
  lose(): void;
  /** No transaction is under way any more: the replica and the text must be equal, unless the replica holds changes back. */
  check(): void;
}

/** The delta of the event itself passes over what Yjs does not expect in a text, although it counts. */
function toTextDelta(text: Y.Text, event: Y.YTextEvent): TextDelta {
  const steps: DeltaStep[] = [];
  for (let item = text._start; item !== null; item = item.right) {
    if (!item.countable) continue;
    const step = toStep(item, event);
    const last = steps.at(-1);
    if (!step) continue;
    if (last?.kind === 'insert' && step.kind === 'insert') {
      steps[steps.length - 1] = { kind: 'insert', text: last.text + step.text };
    } else if (last && last.kind !== 'insert' && last.kind === step.kind) {
      steps[steps.length - 1] = { kind: last.kind, length: last.length + step.length };
    } else steps.push(step);
  }
  if (steps.at(-1)?.kind === 'retain') steps.pop();
  return steps;
}

function toStep(item: Y.Item, event: Y.YTextEvent): DeltaStep | undefined {
  if (event.adds(item)) return event.deletes(item) ? undefined : { kind: 'insert', text: shownBy(item) };
  if (event.deletes(item)) return { kind: 'delete', length: item.length };
  return item.deleted ? undefined : { kind: 'retain', length: item.length };
}

const feeds = new WeakMap<Y.Text, TextFeed>();

/**
 * Delivers the changes of one `Y.Text` to all of its replicas in this window.
 * Yjs computes a delta from the present state of the text, so it must be read before anything else changes the text:
 * the feed reads it once, hands it to every follower, and only then lets any of them act.
 */
export class TextFeed {
  private readonly followers = new Set<TextFollower>();
  private readonly authorsInside = new WeakMap<Y.Transaction, Set<TextFollower>>();
  private undelivered: Y.Transaction | undefined;
  private readonly text: Y.Text;
  private readonly doc: Y.Doc;

  private constructor(text: Y.Text, doc: Y.Doc) {
    this.text = text;
    this.doc = doc;
  }

  /** The feed of `text`. Throws if the text does not belong to a document yet. */
  static of(text: Y.Text): TextFeed {
    const known = feeds.get(text);
    if (known) return known;
    if (!text.doc) throw new Error('A text can be bound only after it has become part of a document.');
    const feed = new TextFeed(text, text.doc);
    feeds.set(text, feed);
    return feed;
  }

  follow(follower: TextFollower): Disposable {
    if (this.followers.size === 0) {
      this.doc.on('beforeObserverCalls', this.noteTransaction);
      this.text.observe(this.deliverEvent);
      this.doc.on('afterAllTransactions', this.checkFollowers);
    }
    this.followers.add(follower);
    return toDisposable(() => {
      this.followers.delete(follower);
      if (this.followers.size > 0) return;
      this.doc.off('beforeObserverCalls', this.noteTransaction);
      this.text.unobserve(this.deliverEvent);
      this.doc.off('afterAllTransactions', this.checkFollowers);
    });
  }

  /** Changes the text in one transaction whose origin is `author`, who does not receive the change. */
  write(author: TextFollower, change: () => void): void {
    this.doc.transact((transaction) => {
      // Inside a transaction that somebody else opened, the author's part of the delta cannot be told from the rest.
      if (transaction.origin !== author) this.noteAuthorInside(transaction, author);
      change();
    }, author);
  }

  /** Hands out a change that Yjs has made but not announced to its observers yet. Call before reading positions or writing. */
  catchUp(): void {
    const transaction = this.undelivered;
    this.undelivered = undefined;
    const keys = transaction && this.changedKeys(transaction);
    if (transaction && keys) this.distribute(transaction, new Y.YTextEvent(this.text, transaction, keys));
  }

  private noteAuthorInside(transaction: Y.Transaction, author: TextFollower): void {
    const authors = this.authorsInside.get(transaction) ?? new Set();
    authors.add(author);
    this.authorsInside.set(transaction, authors);
  }

  private readonly noteTransaction = (transaction: Y.Transaction): void => {
    if (this.changedKeys(transaction)) this.undelivered = transaction;
  };

  private changedKeys(transaction: Y.Transaction): Set<string | null> | undefined {
    for (const [type, keys] of transaction.changed) {
      if (Object.is(type, this.text)) return keys;
    }
    return undefined;
  }

  private readonly deliverEvent = (event: Y.YTextEvent, transaction: Y.Transaction): void => {
    if (this.undelivered === transaction) {
      this.undelivered = undefined;
      this.distribute(transaction, event);
    }
    for (const follower of [...this.followers]) this.attempt(follower, () => follower.settle());
  };

  private readonly checkFollowers = (): void => {
    for (const follower of [...this.followers]) this.attempt(follower, () => follower.check());
  };

  private distribute(transaction: Y.Transaction, event: Y.YTextEvent): void {
    const authors = this.authorsInside.get(transaction);
    const receivers = [...this.followers].filter(
      (follower) => follower !== transaction.origin && !authors?.has(follower),
    );
    if (receivers.length > 0) {
      const delta = toTextDelta(this.text, event);
      for (const follower of receivers) this.attempt(follower, () => follower.receive(delta));
    }
    for (const author of authors ?? []) this.attempt(author, () => author.lose());
  }

  private attempt(follower: TextFollower, action: () => void): void {
    try {
      action();
    } catch (error) {
      reportUnexpectedError(error);
      follower.lose();
    }
  }
}
