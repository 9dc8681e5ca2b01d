import { readFile } from 'node:fs/promises';
import type { ObjectsMark } from '../objects-claim.ts';
import { codeOf, toLogFailure } from './folder-failure.ts';
import { writeWhole } from './write-whole.ts';

/** The mark as a file. */
export class FolderMark implements ObjectsMark {
  private readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  async read(): Promise<string | undefined> {
    try {
      return await readFile(this.path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw toLogFailure(error, `The file ${this.path} cannot be read.`);
    }
  }

  async write(mark: string): Promise<void> {
    try {
      await writeWhole(this.path, mark);
    } catch (error) {
      throw toLogFailure(error, `The file ${this.path} cannot be written.`);
    }
  }
}
