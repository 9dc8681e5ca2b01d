import { type Disposable, DisposableStore } from '../../../shared/lifecycle/index.ts';
import { type AgreementState, isOwnWindow, peopleIn, type ResyncOutcome } from '../../../shared/sync/index.ts';
import type { AgreementView } from '../ui/agreement-view.ts';
import type { Observable } from '../ui/observable.ts';
import type { NotificationView } from '../ui/workbench-model.ts';
import { observeEach } from './observe.ts';
import type { OpenRoom } from './open-room.ts';

const RESYNC = 'Resync (Keeps Both Texts)';

/** Where notices are shown. */
export interface NoticeBoard {
  /** Shows a notice in place of the one with the same id. */
  show(notice: NotificationView): void;
  remove(id: string): void;
}

/** What is said of a file's copies, in the names of people; undefined when there is nothing to say. */
export function toAgreementView(room: OpenRoom, state: AgreementState): AgreementView | undefined {
  if (state.kind === 'unknown') return undefined;
  const { participants } = room.session;
  const ids = peopleIn(state);
  const names = ids.flatMap((id) => (isOwnWindow(id) ? [] : [participants.get(id)?.name ?? 'Somebody']));
  if (state.kind === 'differs') return { kind: 'differs', names, isHere: ids.some(isOwnWindow) };
  if (state.kind === 'waiting') return { kind: 'waiting', names, before: undefined };
  const missing = [...participants].flatMap(([id, { name }]) => (ids.includes(id) ? [] : [name]));
  return { kind: 'identical', names, missing };
}

/** Tells people of files that are not the same with everybody, and resyncs them. */
export class AgreementNotices implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly board: NoticeBoard;
  private readonly rooms: Observable<OpenRoom | undefined>;
  /** Being resynced. */
  private readonly running = new Set<string>();

  constructor(rooms: Observable<OpenRoom | undefined>, board: NoticeBoard) {
    this.rooms = rooms;
    this.board = board;
    this.disposables.add(
      observeEach(rooms, (room) => room.session.onDidChangeAgreement((fileId) => this.tell(room, fileId))),
    );
  }

  /** Takes the relay's text of a file; the one that is here is listed as a new file. Says how it went. */
  async resync(fileId: string, isUnkept = false): Promise<void> {
    const room = this.rooms.get();
    if (!room || this.running.has(fileId)) return;
    this.running.add(fileId);
    this.board.remove(outcomeId(fileId));
    try {
      this.tellOutcome(room, fileId, await room.session.resync(fileId, isUnkept));
    } finally {
      this.running.delete(fileId);
    }
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private tell(room: OpenRoom, fileId: string): void {
    const id = `agreement:${fileId}`;
    const agreement = toAgreementView(room, room.session.agreementOf(fileId));
    if (agreement?.kind !== 'differs') return this.board.remove(id);
    const path = pathOf(room, fileId);
    const where = agreement.isHere ? ['what this device has', ...agreement.names] : agreement.names;
    this.board.show({
      id,
      severity: 'warning',
      title: `"${path}" is not the same here and with ${where.join(', ')}.`,
      detail:
        'An edit was lost on its way, or damaged. A resync takes the text of the relay and keeps yours as a new file.',
      quoted: [path, ...agreement.names],
      actions: [{ label: RESYNC, run: () => void this.resync(fileId) }],
    });
  }

  private tellOutcome(room: OpenRoom, fileId: string, outcome: ResyncOutcome): void {
    const path = pathOf(room, fileId);
    const id = outcomeId(fileId);
    if (outcome.kind === 'done') {
      const kept = outcome.keptPath;
      return this.board.show({
        id,
        severity: 'info',
        title: `"${path}" has the text of the relay now.`,
        detail: kept === undefined ? undefined : `The text that was here is in "${kept}".`,
        quoted: kept === undefined ? [path] : [path, kept],
        actions: [],
      });
    }
    const isUnkept = outcome.kind === 'cannot-keep';
    const label = isUnkept ? 'Resync Without Keeping My Text' : 'Try Again';
    this.board.show({
      id,
      severity: isUnkept ? 'warning' : 'error',
      title: `"${path}" was not resynced.`,
      detail: outcome.explanation,
      quoted: [path],
      actions: [{ label, run: () => void this.resync(fileId, isUnkept) }],
    });
  }
}

function outcomeId(fileId: string): string {
  return `resync:${fileId}`;
}

function pathOf(room: OpenRoom, fileId: string): string {
  return room.lastListed(fileId)?.path ?? 'A file';
}
