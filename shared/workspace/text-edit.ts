/** Replaces `deleteLength` UTF-16 units at `offset` by `insert`. A list of edits shares the coordinates of one text. */
export interface TextEdit {
  readonly offset: number;
  readonly deleteLength: number;
  readonly insert: string;
}
