/** What a window shows: nothing yet, or one room. */
export type WorkspaceStatus =
  | { readonly kind: 'none' }
  | { readonly kind: 'opening'; readonly label: string }
  | {
      readonly kind: 'open';
      readonly room: string;
      /** The folder on this device that mirrors the room, when there is one. */
      readonly folderPath: string | undefined;
      /** May make share links. */
      readonly isOwner: boolean;
    }
  | { readonly kind: 'failed'; readonly title: string; readonly explanation: string };

/** Something a person should know or act on. A later problem with the same id replaces it. */
export interface ProblemReport {
  readonly id: string;
  readonly severity: 'info' | 'warning' | 'error';
  readonly title: string;
  readonly detail: string;
  /** The file it is about, when there is one. */
  readonly fileId?: string;
  /** Shows a button that asks for another try. */
  readonly canRetry: boolean;
  /** A command of the window that helps, and how it is called here. */
  readonly command?: { readonly id: string; readonly label: string };
  /** Where in the mirrored folder it is, when that can be shown. */
  readonly path?: string;
  /** The person was told before: it is listed, and not put before them again. */
  readonly isQuiet?: boolean;
  /** The problem with this id is over. */
  readonly isResolved?: boolean;
}

/** Outcome of something a person asked for. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly explanation: string };
