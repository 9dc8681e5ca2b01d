import { Emitter } from '../../../../shared/lifecycle/index.ts';
import type { AwayFileView, AwayModel, AwayPersonView, AwaySummaryView, AwayTextsView } from '../away-model.ts';
import { ObservableValue } from '../observable.ts';
import type { Answer, Outcome } from '../outcome.ts';

/** What happened while somebody was away, settable from a test. */
export class FakeAway {
  readonly summary = new ObservableValue<AwaySummaryView | undefined>(undefined);
  readonly newCount = new ObservableValue(0);
  readonly returns = new Emitter<void>();
  readonly takenBack = new Emitter<AwayFileView>();
  /** With the id of the file. */
  readonly textChanges = new Emitter<string>();
  /** Texts are answered once it resolves. */
  whenRead: Promise<void> = Promise.resolve();
  /** What is answered from now on. */
  outcome: Outcome = { ok: true };
  /** By id of the file. */
  readonly texts = new Map<string, AwayTextsView>();
  readonly model: AwayModel;

  /** `note` is told what is asked for. */
  constructor(note: (call: string) => void) {
    const act = async (call: string, fileId: string, change: Partial<AwayFileView>): Promise<Outcome> => {
      note(`${call} ${fileId}`);
      await Promise.resolve();
      if (this.outcome.ok) this.change(fileId, change);
      return this.outcome;
    };
    this.model = {
      summary: this.summary,
      newCount: this.newCount,
      onDidReturn: this.returns.event,
      readTexts: async (fileId): Promise<Answer<AwayTextsView>> => {
        note(`read away ${fileId}`);
        const value = this.texts.get(fileId);
        await this.whenRead;
        return value ? { ok: true, value } : { ok: false, explanation: 'The texts are not here.' };
      },
      onDidTakeBack: this.takenBack.event,
      watchText: (fileId, listener) => {
        note(`watch text ${fileId}`);
        return this.textChanges.event((changed) => {
          if (changed === fileId) listener();
        });
      },
      undoTheirs: (fileId) => act('undo theirs', fileId, { undone: 'theirs' }),
      undoMine: (fileId) => act('undo mine', fileId, { undone: 'mine' }),
      restoreUndone: (fileId) => act('restore', fileId, { undone: undefined }),
      bringBack: (fileId) => act('bring back', fileId, { isListed: true }),
      lookedAt: (fileId) => {
        note(`looked at ${fileId}`);
        this.change(fileId, { isLookedAt: true });
      },
      keep: (fileId) => {
        note(`keep ${fileId}`);
        this.show((this.summary.get()?.files ?? []).filter((file) => file.fileId !== fileId));
      },
      keepAll: () => {
        note('keep all');
        this.show([]);
      },
    };
  }

  /** Shows `files`; without any there is no summary. */
  show(files: readonly AwayFileView[], rest: Partial<AwaySummaryView> = {}): void {
    const times = { leftMs: 0, lastLeftMs: 0, returnedMs: 7_500_000, absenceMs: 7_500_000 };
    const shown = { ...times, unlistedCount: 0, ownCount: 0, ...this.summary.get(), ...rest, files };
    this.summary.set(files.length === 0 ? undefined : shown);
    this.newCount.set(files.filter(({ isLookedAt }) => !isLookedAt).length);
  }

  private change(fileId: string, change: Partial<AwayFileView>): void {
    const files = this.summary.get()?.files ?? [];
    this.show(files.map((file) => (file.fileId === fileId ? { ...file, ...change } : file)));
  }
}

/** Somebody who changed a file. */
export function createAwayPerson(name: string, rest: Partial<AwayPersonView> = {}): AwayPersonView {
  return { subject: name, name, colorIndex: name.length % 12, firstMs: 0, lastMs: 60_000, ...rest };
}

/** A file that others changed. */
export function createAwayFile(fileId: string, path: string, rest: Partial<AwayFileView> = {}): AwayFileView {
  return {
    fileId,
    path,
    isListed: true,
    list: undefined,
    text: 'theirs',
    hasTexts: true,
    isWithoutBefore: false,
    theirs: { inserted: 12, deleted: 3 },
    mine: { inserted: 0, deleted: 0 },
    overlapCount: 0,
    people: [createAwayPerson('Ben')],
    listPeople: [],
    takenBack: undefined,
    anewId: undefined,
    undone: undefined,
    isLookedAt: false,
    isEarlier: false,
    lockReason: undefined,
    ...rest,
  };
}
