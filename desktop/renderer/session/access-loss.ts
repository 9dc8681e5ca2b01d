import { type Disposable, DisposableStore, reportUnexpectedError } from '../../../shared/lifecycle/index.ts';
import { describeProposals } from '../../../shared/sync/index.ts';
import type { TuttiApi } from '../../ipc/index.ts';
import type { AccessLoss } from '../ui/access-model.ts';
import { askHost } from './ask-host.ts';
import type { OpenRoom } from './open-room.ts';

/** Watches for the end of self's access to a room, and tells what becomes of edits that did not reach the relay. */
export class AccessLossWatch implements Disposable {
  private readonly disposables = new DisposableStore();
  private readonly room: OpenRoom;
  private readonly api: Pick<TuttiApi, 'invoke'>;
  private readonly tell: (loss: AccessLoss | undefined) => void;
  private explanation: string | undefined;

  constructor(room: OpenRoom, api: Pick<TuttiApi, 'invoke'>, tell: (loss: AccessLoss | undefined) => void) {
    this.room = room;
    this.api = api;
    this.tell = tell;
    this.disposables.add(room.session.onDidChangeState(() => this.update()));
    this.update();
  }

  dispose(): void {
    this.disposables.dispose();
  }

  private update(): void {
    const explanation = this.room.lossExplanation;
    if (explanation === this.explanation) return;
    this.explanation = explanation;
    this.tell(explanation === undefined ? undefined : { explanation, edits: '', hasUnsent: false });
    if (explanation !== undefined) this.lookForEdits(explanation).catch(reportUnexpectedError);
  }

  private async lookForEdits(explanation: string): Promise<void> {
    const report = await askHost(() => this.api.invoke('edits:propose', undefined));
    if (this.disposables.isDisposed || this.explanation !== explanation) return;
    const edits = report.ok ? describeProposals(report.value) : report.explanation;
    if (edits !== '') this.tell({ explanation, edits, hasUnsent: true });
  }
}
