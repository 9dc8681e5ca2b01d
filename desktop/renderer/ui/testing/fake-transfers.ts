import { ObservableValue } from '../observable.ts';
import type { Answer, Outcome } from '../outcome.ts';
import type { FileContent, TransfersModel, TransfersView } from '../transfers-model.ts';

const NOTHING = { files: 0, doneBytes: 0, totalBytes: 0 } as const;

/** Contents of files that are no texts, settable from a test. */
export class FakeTransfers {
  readonly state = new ObservableValue<TransfersView>({ up: NOTHING, down: NOTHING, files: [] });
  content: Answer<Uint8Array<ArrayBuffer>> = { ok: false, explanation: 'The file is not on this device.' };
  contents: Answer<readonly FileContent[]> = { ok: true, value: [] };
  readonly model: TransfersModel;

  /** `answer` is told what is asked for, and decides what comes of it. */
  constructor(answer: (call: string) => Promise<Outcome>) {
    this.model = {
      state: this.state,
      readContent: async () => this.content,
      saveCopy: (fileId) => answer(`save copy ${fileId}`),
      listContents: async () => this.contents,
      bringBack: (fileId, { blob }) => answer(`bring back ${fileId} ${blob}`),
    };
  }

  /** One file on its way up, and nothing else. */
  showUpload(fileId: string, doneBytes: number, totalBytes: number): void {
    const files = [{ fileId, direction: 'up', doneBytes, totalBytes }] as const;
    this.state.set({ up: { files: 1, doneBytes, totalBytes }, down: NOTHING, files });
  }
}
