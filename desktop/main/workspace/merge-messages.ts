import type { TextEdit } from '../../../shared/workspace/index.ts';

/** Asks the thread for the edits that make one text of another. */
export interface DifferenceCommand {
  readonly id: number;
  readonly base: string;
  readonly text: string;
}

/** `failed`: there is no answer, and the reason is for a log. */
export type DifferenceReply =
  | { readonly id: number; readonly kind: 'edits'; readonly edits: readonly TextEdit[] }
  | { readonly id: number; readonly kind: 'failed'; readonly reason: string };
