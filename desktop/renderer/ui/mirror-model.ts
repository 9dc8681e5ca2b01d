import type { MirrorChoices, MirrorStart, MirrorState } from '../../ipc/index.ts';
import type { Observable } from './observable.ts';
import type { Answer, Outcome } from './outcome.ts';

export type {
  MirrorChoices,
  MirrorDirection,
  MirrorPreview,
  MirrorStart,
  MirrorState,
  PreviewedFile,
  UnsharedFile,
} from '../../ipc/index.ts';

/** Both texts of a file that differs in room and folder. */
export interface MirrorTexts {
  readonly room: string;
  readonly folder: string;
}

/** The folder on this device that mirrors the open room. Paths come from others and are shown as text only. */
export interface MirrorModel {
  readonly state: Observable<MirrorState>;
  /** False where there are no folders, as in a browser. */
  readonly canMirror: boolean;
  /** Lets the person choose a folder, and compares it with the room. */
  chooseFolder(): Promise<Outcome>;
  /** Asks about what was held on this device. */
  review(): Promise<Outcome>;
  readDifference(path: string): Promise<Answer<MirrorTexts>>;
  start(choices: MirrorChoices): Promise<Answer<MirrorStart>>;
  /** Gives the comparison up. */
  cancel(): Promise<Outcome>;
  stop(): Promise<Outcome>;
  /** Shows a file that cannot be shared in the system's file manager. */
  showFile(path: string): Promise<Outcome>;
  /** Shows the last backup, or the folder, in the system's file manager. */
  reveal(what: 'backup' | 'folder'): Promise<Outcome>;
}
