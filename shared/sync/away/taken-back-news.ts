import { type Disposable, DisposableStore, type Scheduler } from '../../lifecycle/index.ts';
import type { AuthorRun } from '../administration/room-changes.ts';
import type { SyncCursor } from '../offline-store.ts';
import type { AwayLedger } from './away-ledger.ts';
import type { AwayPerson } from './away-summary.ts';
import { type ChangeAuthors, type IsSelf, readRuns } from './change-authors.ts';
import type { ListedPaths } from './listed-paths.ts';
import type { TakenBack } from './restored-copies.ts';

/** The relay knows of whom an edit is once it has committed it, which may take so long; it is asked once more then. */
const ASK_AFTER_MS: readonly number[] = [500, 5_000];
/** Acts of one document that are asked for at once, each of another Yjs client; of more, the latest. */
const MAX_ACTS = 32;

/** Acts that others did in one document. */
export interface NewsOfDocument {
  readonly document: string;
  readonly acts: readonly TakenBack[];
  /** How far the document was before; undefined when that is not known. */
  readonly since: SyncCursor | undefined;
}

export interface TakenBackNewsOptions {
  readonly ledger: AwayLedger;
  readonly paths: ListedPaths;
  readonly scheduler: Scheduler;
  readonly authors: ChangeAuthors | undefined;
  readonly isSelf: IsSelf;
  readonly onFailure: (error: unknown) => void;
}

/** What the relay is to be asked of one document. */
interface Question {
  /** Before the first of the acts. */
  readonly since: SyncCursor | undefined;
  /** By Yjs client, in their order: of what one takes back and restores in turn, the last counts. */
  readonly acts: Map<number, TakenBack>;
}

/** An act, and who did it as far as that is known. */
interface KnownAct {
  readonly act: TakenBack;
  readonly person: AwayPerson | undefined;
}

/**
 * Tells self that others have taken back what self wrote, or have restored it. Who it was is asked of the relay: one
 * question at a time.
 */
export class TakenBackNews implements Disposable {
  private readonly options: TakenBackNewsOptions;
  private readonly timers = new DisposableStore();
  /** By document: what the relay was not asked for yet. */
  private readonly waiting = new Map<string, Question>();
  private readonly running = new Set<string>();
  /** Documents for which the relay is being asked. */
  private readonly asked = new Set<string>();
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: TakenBackNewsOptions) {
    this.options = options;
  }

  told({ document, acts, since }: NewsOfDocument): void {
    const question = this.waiting.get(document) ?? { since, acts: new Map<number, TakenBack>() };
    for (const act of acts) this.note(document, question, act);
    if (question.acts.size === 0) return void this.waiting.delete(document);
    this.waiting.set(document, question);
    if (!this.running.has(document)) void this.run(document);
  }

  dispose(): void {
    this.timers.dispose();
    this.waiting.clear();
  }

  private note(document: string, { acts }: Question, act: TakenBack): void {
    const { ledger, isSelf } = this.options;
    const known = ledger.get(document);
    if (act.what === 'restored') {
      const isTold = known?.takenBack !== undefined || this.asked.has(document);
      // Taken back just now and restored: nothing is to be told of either.
      if (!isTold && (acts.delete(act.client) || acts.size === 0)) return;
    } else {
      if (act.what !== 'theirs') return;
      const isMine = act.of.length > 0 ? act.of.some(isSelf) : known?.text === 'both';
      if (!isMine) return;
    }
    acts.delete(act.client);
    acts.set(act.client, act);
    const [oldest] = acts.keys();
    if (acts.size > MAX_ACTS && oldest !== undefined) acts.delete(oldest);
  }

  /** Asks until nothing more comes. Never rejects. */
  private async run(document: string): Promise<void> {
    this.running.add(document);
    while (this.waiting.has(document) && !this.timers.isDisposed) {
      try {
        await this.askOnce(document);
      } catch (error) {
        this.options.onFailure(error);
      }
    }
    this.running.delete(document);
  }

  private async askOnce(document: string): Promise<void> {
    let left: readonly KnownAct[] = [];
    let question: Question | undefined;
    try {
      for (const delayMs of ASK_AFTER_MS) {
        await this.wait(delayMs);
        // What comes from now on is asked for afterwards.
        if (!question) {
          question = this.waiting.get(document);
          this.waiting.delete(document);
          if (!question) return;
          this.asked.add(document);
          left = [...question.acts.values()].map((act) => ({ act, person: undefined }));
        }
        left = await this.findPeople(document, question.since, left);
        if (this.timers.isDisposed) return;
        if (left.every(({ person }) => person)) break;
      }
    } finally {
      this.asked.delete(document);
    }
    this.tell(document, left);
  }

  /** Tells what is left of acts, one after the other. */
  private tell(document: string, acts: readonly KnownAct[]): void {
    const { ledger, paths, scheduler, isSelf } = this.options;
    let takenBack: (AwayPerson | undefined)[] = [];
    for (const { act, person } of acts) {
      // Self did it, on another device.
      if (person && isSelf(person.subject)) continue;
      if (act.what === 'theirs') {
        takenBack.push(person);
        continue;
      }
      takenBack = takenBack.filter((other) => person && other && other.subject !== person.subject);
      const told = ledger.get(document)?.takenBack;
      if (told && (!person || told.every(({ subject }) => subject === person.subject))) ledger.setRestored(document);
    }
    const path = paths.read().get(document);
    if (takenBack.length === 0 || path === undefined) return;
    const people = takenBack.flatMap((person) => person ?? []);
    ledger.addTakenBack({ fileId: document, path }, people, scheduler.now());
  }

  private wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.scheduler.schedule(() => {
        this.timers.delete(timer);
        resolve();
      }, delayMs);
      this.timers.add(timer);
    });
  }

  /** Finds who did what nobody is known of. */
  private findPeople(
    document: string,
    since: SyncCursor | undefined,
    acts: readonly KnownAct[],
  ): Promise<readonly KnownAct[]> {
    const { authors } = this.options;
    if (!authors || !since) return Promise.resolve(acts);
    const found = this.turn.then(async () => {
      if (this.timers.isDisposed) return acts;
      const { runs } = await readRuns(authors, document, since);
      return acts.map(({ act, person }) => ({ act, person: person ?? whoDid(act, runs) }));
    });
    // The next one does not depend on what came of it.
    this.turn = found.catch(() => undefined);
    return found;
  }
}

function whoDid({ client, clock }: TakenBack, runs: readonly AuthorRun[]): AwayPerson | undefined {
  // The first that has it has brought it.
  const run = runs.find(({ clients }) =>
    clients.some(([known, from, to]) => known === client && from <= clock && clock < to),
  );
  return run && { subject: run.subject, name: run.name, firstMs: run.fromMs, lastMs: run.toMs };
}
