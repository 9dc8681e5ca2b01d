export type WorkspaceErrorCode =
  | 'folder-missing'
  | 'folder-unreadable'
  | 'not-a-folder'
  | 'outside-folder'
  | 'link-in-the-way'
  | 'disk-full'
  | 'file-missing'
  | 'permission-denied'
  | 'not-text'
  | 'too-large'
  | 'name-taken'
  | 'unusable-name'
  | 'rules-unreadable'
  | 'unusable-folder'
  | 'drive-missing'
  | 'not-kept'
  | 'io';

/** Something in the opened folder could not be read or written. `message` says what happened, to what, and what to do. */
export class WorkspaceError extends Error {
  readonly code: WorkspaceErrorCode;
  readonly path: string;

  constructor(code: WorkspaceErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'WorkspaceError';
    this.code = code;
    this.path = path;
  }
}

/** This device cannot keep what is done to a file for the time being. */
export function notKept(path: string, cause?: unknown): WorkspaceError {
  const message = `"${path}" waits: Tutti cannot store the room on this device at the moment. Free some space on the disk that has Tutti's data. Until then the file stays as it is, and it is tried again by itself.`;
  return new WorkspaceError('not-kept', path, message, { cause });
}

/** What was being done when an error came up. */
export type DiskOperation = 'read' | 'write' | 'remove' | 'rename' | 'open-folder';

/** Explains an error of Node's file system. A WorkspaceError comes back as it is. */
export function toWorkspaceError(error: unknown, path: string, operation: DiskOperation): WorkspaceError {
  if (error instanceof WorkspaceError) return error;
  const { code, message } = explain(errnoOf(error), path, operation, error);
  return new WorkspaceError(code, path, message, { cause: error });
}

/** The errno name of an error, such as ENOENT; empty when it has none. */
export function errnoOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

function explain(
  errno: string,
  path: string,
  operation: DiskOperation,
  error: unknown,
): { readonly code: WorkspaceErrorCode; readonly message: string } {
  const failed = `"${path}" could not be ${PAST[operation]}`;
  switch (errno) {
    case 'ENOENT':
      if (operation === 'open-folder') {
        const message = `The folder "${path}" is not there. It may have been moved or its drive removed: bring it back, or open another folder.`;
        return { code: 'folder-missing', message };
      }
      return { code: 'file-missing', message: `${failed}: it is no longer there. It may have been moved or deleted.` };
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      if (operation === 'open-folder') {
        const message = `The folder "${path}" may not be read. Change its permissions, or open another folder.`;
        return { code: 'folder-unreadable', message };
      }
      return {
        code: 'permission-denied',
        message: `${failed}: permission denied. Change its permissions, then retry.`,
      };
    case 'ENOSPC':
    case 'EDQUOT':
      return { code: 'disk-full', message: `${failed}: the disk is full. Free some space, then retry.` };
    case 'ENOTDIR':
    case 'EEXIST':
      if (operation === 'open-folder') {
        return { code: 'not-a-folder', message: `"${path}" is not a folder. Open the folder that holds it.` };
      }
      return {
        code: 'name-taken',
        message: `${failed}: a file has the name of one of its folders. Rename or move one of the two, then retry.`,
      };
    case 'EISDIR':
      return { code: 'name-taken', message: `${failed}: a folder has its name. Rename the folder, then retry.` };
    case 'ENAMETOOLONG':
      return { code: 'io', message: `${failed}: its name is too long for this disk. Choose a shorter one.` };
    default:
      return {
        code: 'io',
        message: `${failed}: ${error instanceof Error ? error.message : String(error)}. Retry, or check the disk.`,
      };
  }
}

const PAST: Readonly<Record<DiskOperation, string>> = {
  read: 'read',
  write: 'written',
  remove: 'removed',
  rename: 'renamed',
  'open-folder': 'opened',
};

/** Whether an error is about the opened folder itself, so that nothing in it can be looked at. */
export function isAboutFolder(error: unknown): boolean {
  // A sub-folder that cannot be read is `folder-unreadable` too, but it is reported and not thrown.
  return (
    error instanceof WorkspaceError && ['folder-missing', 'folder-unreadable', 'not-a-folder'].includes(error.code)
  );
}
