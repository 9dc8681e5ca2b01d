import { documentAccess } from '../../../shared/access/index.ts';
import { type Disposable, DisposableStore, Emitter, toDisposable } from '../../../shared/lifecycle/index.ts';
import type { AwayAction, AwayChange, AwayPerson, AwaySummary } from '../../../shared/sync/away/away-summary.ts';
import { SharedPathError } from '../../../shared/workspace/index.ts';
import type { AwayFileView, AwayModel, AwaySummaryView, AwayTextsView } from '../ui/away-model.ts';
import { type Observable, ObservableValue } from '../ui/observable.ts';
import type { Answer, Outcome } from '../ui/outcome.ts';
import { observeEach, updateOn } from './observe.ts';
import type { OpenRoom } from './open-room.ts';
import { absentColor, colorsBySubject } from './participant-colors.ts';
import { explainListLock, explainReadOnly } from './read-only.ts';

const NO_ROOM: Outcome & Answer<never> = { ok: false, explanation: 'No folder or room is open.' };

/** What happened in the open room while this device was away. */
export class RoomAwayModel implements AwayModel, Disposable {
  readonly summary = new ObservableValue<AwaySummaryView | undefined>(undefined);
  readonly newCount = new ObservableValue(0);
  private readonly disposables = new DisposableStore();
  private readonly returned = this.disposables.add(new Emitter<void>());
  private readonly room: Observable<OpenRoom | undefined>;
  private lastReturn = 0;
  /** Files of which it was told that others have undone something. */
  private readonly toldTakenBack = new Set<string>();

  readonly onDidReturn = this.returned.event;
  private readonly tookBack = this.disposables.add(new Emitter<AwayFileView>());
  readonly onDidTakeBack = this.tookBack.event;

  constructor(room: Observable<OpenRoom | undefined>) {
    this.room = room;
    this.disposables.add(room.subscribe(() => this.changeRoom()));
    this.disposables.add(
      observeEach(room, (open) =>
        updateOn(
          () => this.update(open),
          (listener) => open.session.away.onDidChange(listener),
          (listener) => open.session.onDidChangeSelf(listener),
          (listener) => open.session.onDidChangeParticipants(listener),
          (listener) => open.onDidChangeFiles(listener),
        ),
      ),
    );
  }

  async readTexts(fileId: string): Promise<Answer<AwayTextsView>> {
    const room = this.room.get();
    if (!room) return NO_ROOM;
    const answer = await room.session.away.readTexts(fileId);
    if (!answer.ok) return answer;
    const { authors, ...texts } = answer.value;
    const colors = colorsBySubject(room);
    const colored = authors.map(({ start, end, subject, name }) => ({
      start,
      end,
      name,
      colorIndex: colors.get(subject) ?? absentColor({ subject, name }),
    }));
    return { ok: true, value: { ...texts, authors: colored } };
  }

  watchText(fileId: string, listener: () => void): Disposable {
    const watching = new DisposableStore();
    const lease = this.room.get()?.session.open(fileId);
    if (!lease) return watching;
    watching.add(lease);
    lease.doc.on('update', listener);
    watching.add(toDisposable(() => lease.doc.off('update', listener)));
    return watching;
  }

  undoTheirs(fileId: string): Promise<Outcome> {
    return this.act(fileId, 'undo-theirs');
  }

  undoMine(fileId: string): Promise<Outcome> {
    return this.act(fileId, 'undo-mine');
  }

  restoreUndone(fileId: string): Promise<Outcome> {
    return this.act(fileId, 'restore-undone');
  }

  async bringBack(fileId: string): Promise<Outcome> {
    const room = this.room.get();
    const change = room?.session.away.summary?.changes.find((entry) => entry.fileId === fileId);
    if (!room || !change) return NO_ROOM;
    const lockReason = explainListLock(room);
    if (lockReason !== undefined) return { ok: false, explanation: lockReason };
    if (room.index.get(fileId)) return { ok: true };
    if (room.index.findByPath(change.path)) {
      return { ok: false, explanation: `"${change.path}" is another file by now. Rename it, and try again.` };
    }
    const last = room.lastListed(fileId) ?? { eol: 'LF', bom: false, kind: 'text' };
    try {
      room.index.add([{ ...last, fileId, path: change.path }]);
      return { ok: true };
    } catch (error) {
      if (error instanceof SharedPathError) return { ok: false, explanation: error.message };
      throw error;
    }
  }

  lookedAt(fileId: string): void {
    const shown = this.summary.get()?.files.find((file) => file.fileId === fileId);
    if (shown && !shown.isLookedAt) this.room.get()?.session.away.lookedAt([fileId]);
  }

  keep(fileId: string): void {
    this.room.get()?.session.away.keep([fileId]);
  }

  keepAll(): void {
    const { files = [] } = this.summary.get() ?? {};
    this.room.get()?.session.away.keep(files.map(({ fileId }) => fileId));
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private async act(fileId: string, action: AwayAction): Promise<Outcome> {
    const room = this.room.get();
    if (!room) return NO_ROOM;
    const explanation = await room.session.away.act(fileId, action);
    return explanation === undefined ? { ok: true } : { ok: false, explanation };
  }

  private changeRoom(): void {
    this.lastReturn = 0;
    this.toldTakenBack.clear();
    if (!this.room.get()) this.show(undefined);
  }

  private update(room: OpenRoom): void {
    const { summary } = room.session.away;
    const shown = summary && describe(room, summary);
    this.show(shown);
    this.tellTakenBack(shown?.files ?? [], new Set(summary?.newlyTakenBack));
    const announced = summary?.announcedNumber ?? 0;
    if (announced <= this.lastReturn) return;
    this.lastReturn = announced;
    this.returned.fire();
  }

  private show(summary: AwaySummaryView | undefined): void {
    if (JSON.stringify(this.summary.get()) !== JSON.stringify(summary)) this.summary.set(summary);
    this.newCount.set(summary?.files.filter(({ isLookedAt }) => !isLookedAt).length ?? 0);
  }

  /** What earlier starts told is no news. */
  private tellTakenBack(files: readonly AwayFileView[], newly: ReadonlySet<string>): void {
    for (const fileId of this.toldTakenBack) if (!newly.has(fileId)) this.toldTakenBack.delete(fileId);
    for (const file of files) {
      if (!newly.has(file.fileId) || this.toldTakenBack.has(file.fileId)) continue;
      this.toldTakenBack.add(file.fileId);
      if (!file.isLookedAt) this.tookBack.fire(file);
    }
  }
}

function describe(room: OpenRoom, summary: AwaySummary): AwaySummaryView {
  const { leftMs, lastLeftMs, returnedMs, unlistedCount, ownCount } = summary;
  const colors = colorsBySubject(room);
  const files = summary.changes.map((change) => describeFile(room, change, colors, summary.returnNumber));
  const absenceMs = Math.max(0, returnedMs - lastLeftMs);
  return { leftMs, lastLeftMs, returnedMs, absenceMs, files, unlistedCount, ownCount };
}

function describeFile(
  room: OpenRoom,
  change: AwayChange,
  colors: ReadonlyMap<string, number>,
  lastReturn: number,
): AwayFileView {
  const { overlaps, people, listPeople, takenBack, returnNumber, ...rest } = change;
  const describePerson = (person: AwayPerson) => ({
    ...person,
    colorIndex: colors.get(person.subject) ?? absentColor(person),
  });
  const { self } = room.session;
  const access = self ? documentAccess(self.writesAs, change.fileId, self.chat) : 'unknown';
  const listed = room.index.get(change.fileId);
  return {
    ...rest,
    path: listed?.path ?? change.path,
    isListed: listed !== undefined,
    overlapCount: overlaps.length,
    people: people.map(describePerson),
    listPeople: listPeople.map(describePerson),
    takenBack: takenBack?.map(describePerson),
    anewId: listed ? undefined : room.index.findByPath(change.path)?.fileId,
    isEarlier: returnNumber < lastReturn,
    lockReason: explainReadOnly(room, { access }),
  };
}
