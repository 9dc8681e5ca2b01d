import { matchesPaths } from '../../shared/access/index.ts';
import type { SharedFile } from '../../shared/workspace/index.ts';
import type { BlobKey } from '../log/blob-index.ts';

type RoomKey = Omit<BlobKey, 'blob'>;

export interface ListedBlobsServices {
  /** The room's list of files, as it is in the log; the same one for as long as it has not changed. */
  readonly readFiles: (room: RoomKey) => Promise<readonly SharedFile[]>;
}

type PathsOfBlobs = ReadonlyMap<string, readonly string[]>;

/** Says which blobs somebody may see who may see some paths only: those of the files that are listed there now. */
export class ListedBlobs {
  private readonly services: ListedBlobsServices;
  /** Where each blob of a list lies: a blob is asked for part by part. */
  private readonly pathsIn = new WeakMap<readonly SharedFile[], PathsOfBlobs>();

  constructor(services: ListedBlobsServices) {
    this.services = services;
  }

  /** Rejects with a `LogFailure`. */
  async isListed({ tenant, room, blob }: BlobKey, patterns: readonly string[]): Promise<boolean> {
    const files = await this.services.readFiles({ tenant, room });
    let paths = this.pathsIn.get(files);
    if (!paths) this.pathsIn.set(files, (paths = toPaths(files)));
    return (paths.get(blob) ?? []).some((path) => matchesPaths(path, patterns));
  }
}

function toPaths(files: readonly SharedFile[]): PathsOfBlobs {
  const paths = new Map<string, string[]>();
  for (const { path, blob } of files) {
    if (blob === undefined) continue;
    const known = paths.get(blob) ?? [];
    known.push(path);
    paths.set(blob, known);
  }
  return paths;
}
