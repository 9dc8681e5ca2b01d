import type { SharedFile } from '../../../shared/workspace/index.ts';
import { WorkspaceError } from './workspace-error.ts';

/** The file has the name of a file that Tutti makes itself. */
export function reservedName({ path }: SharedFile): WorkspaceError {
  const message = `"${path}" is a name of files that stay on one device. Rename it in the room.`;
  return new WorkspaceError('unusable-name', path, message);
}

/** This device's list of files lacks one that it has on disk. */
export function notListed(path: string): WorkspaceError {
  const message = `"${path}" is missing from the list of files that this device has. The file stays as it is until the relay can be asked; then it is followed, or shared anew.`;
  return new WorkspaceError('io', path, message);
}

/** A text of the room is something else on disk. */
export function noLongerText(file: SharedFile, kind: 'binary' | 'oversized'): WorkspaceError {
  const what = kind === 'binary' ? 'is no text any more' : 'has grown past 5 MB';
  const message = `"${file.path}" ${what} on disk. The folder and the room keep different contents until it is a text file below 5 MB again.`;
  return new WorkspaceError(kind === 'binary' ? 'not-text' : 'too-large', file.path, message);
}

/** Another program writes a text ever again, so that it cannot be replaced. */
export function neverRests(path: string): WorkspaceError {
  const message = `"${path}" keeps changing on disk: what others have changed in it cannot be written there without losing something. It comes as soon as the file rests for a moment; until then it is in Tutti.`;
  return new WorkspaceError('io', path, message);
}

/** This device does not have the room's text. */
export function notHere({ path }: SharedFile): WorkspaceError {
  const message = `The text that the room has of "${path}" is not on this device, so the file in the folder stays as it is. They are compared as soon as the relay is reached.`;
  return new WorkspaceError('io', path, message);
}

/** Something else has the path of a file, or that of one of its folders. */
export function nameTaken(path: string, by: 'file' | 'folder'): WorkspaceError {
  const what = by === 'folder' ? 'a folder has its name' : 'a file has the name of one of its folders';
  const message = `"${path}" could not be written: ${what}. Rename or move one of the two, then retry.`;
  return new WorkspaceError('name-taken', path, message);
}
