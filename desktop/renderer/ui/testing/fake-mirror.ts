import type { MirrorModel, MirrorPreview, MirrorStart, MirrorState, MirrorTexts } from '../mirror-model.ts';
import { ObservableValue } from '../observable.ts';
import type { Answer, Outcome } from '../outcome.ts';

/** The folder of a room, settable from a test. */
export class FakeMirror {
  readonly state = new ObservableValue<MirrorState>({ kind: 'none' });
  /** What the next start answers. */
  nextStart: Answer<MirrorStart> = { ok: true, value: { kind: 'started', backup: undefined } };
  texts: Answer<MirrorTexts> = { ok: true, value: { room: 'room\n', folder: 'folder\n' } };
  readonly model: MirrorModel;

  /** `answer` is told what is asked for, and decides what comes of it. */
  constructor(answer: (call: string) => Promise<Outcome>) {
    this.model = {
      state: this.state,
      canMirror: true,
      chooseFolder: () => answer('choose mirror folder'),
      review: () => answer('review mirror'),
      readDifference: async (path) => {
        await answer(`read difference ${path}`);
        return this.texts;
      },
      start: async ({ sharesOthers, mine, allowsLargeBackup }) => {
        const words = [sharesOthers ? ' sharing' : '', ...mine.map((path) => ` mine:${path}`)];
        await answer(`start mirror${words.join('')}${allowsLargeBackup ? ' large' : ''}`);
        return this.nextStart;
      },
      cancel: () => answer('cancel mirror'),
      stop: () => answer('stop mirror'),
      showFile: (path) => answer(`show ${path}`),
      reveal: (what) => answer(`reveal ${what}`),
    };
  }
}

/** A folder with one file of every sort. */
export function createPreview(rest: Partial<MirrorPreview> = {}): MirrorPreview {
  return {
    folder: '/home/ben/demo',
    counts: { same: 12, onlyHere: 1, onlyInRoom: 1, different: 2, replaced: 1, blocked: 1, leftOut: 1, tooLarge: 1 },
    onlyHere: [{ path: 'notes.md', sizeBytes: 120, twin: { path: 'Notes.md', sharedAs: 'notes (2).md' } }],
    onlyInRoom: ['src/new.ts'],
    different: [
      { path: 'README.md', sizeBytes: 300 },
      { path: 'src/main.ts', sizeBytes: 2_048 },
    ],
    replaced: [{ path: 'pic.png', sizeBytes: 1 }],
    blocked: [{ path: 'docs/a.md', reason: '"docs" is a link on this disk.' }],
    leftOut: [{ path: 'node_modules', reason: 'It is left out by rules such as those of .gitignore.' }],
    tooLarge: [{ path: 'video.mp4', sizeBytes: 12_000_000 }],
    backupBytes: 2_469,
    direction: 'both',
    ...rest,
  };
}
